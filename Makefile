# make setup | demo | test | lint | …: each works on a fresh clone with nothing but Python (3.11, 3.12 or 3.13) and pip.
# TORCH_INDEX_URL=<index> chooses torch's build, e.g. the CPU one of https://download.pytorch.org/whl/cpu
PYTHON ?= python3.11
PROCESSES ?= $(shell nproc)
TORCH := torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
# what makes several setups of one checkout wait for each other where they write into it, e.g. flock pyproject.toml
IN_TURN ?=
STAMP := $(VENV)/.installed
DEMO_DIR ?=
VIDEOS ?=
N ?=
ONLY ?=
LEVELS ?= basic
SEEDS ?= 3
MISSING ?=
FRESH ?=
FALLS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test pythons lint wheel docs bench fuzz reliability evidence rivals clean help

help:
	@echo 'make setup   .venv with everything pinned'
	@echo 'make demo    the main job on a small controlled video set; VIDEOS=folder takes yours'
	@echo 'make test    every test, in as many processes as there are cores; PROCESSES=1: one'
	@echo 'make pythons a short selection of the tests on each other supported Python that is found; needs 10 GB for a while, 20 GB to install two at once'
	@echo 'make lint    ruff and mypy'
	@echo 'make docs    run the notebooks and build the site into docs/_build/html; any warning is an error'
	@echo 'make bench   time everything against what people would use instead; writes benchmarks/RESULTS.md'
	@echo 'make fuzz    damage N videos of every kind and read them; N=2000 is what RELIABILITY.md quotes'
	@echo 'make reliability   put every promise to its heavy test; writes RELIABILITY.md; ONLY="soak resume": these tables anew'
	@echo 'make evidence   the claims of the paper on the controlled benchmark; writes EVIDENCE.md; SEEDS=1: the core of it; FALLS=folder: real clips, too; MISSING=1: only what evidence/results.json has not; FRESH=1: level basic on other videos'
	@echo 'make rivals   21 pretext tasks of other papers beside ours; writes RIVALS.md; SEEDS=1; LEVELS="basic future hard"; ONLY="vcop prp"; FALLS=folder: real clips, too; MISSING=1'
	@echo 'make wheel   build sdist and wheel, install the wheel without extras and with [train,web], check both'

setup: $(STAMP)

$(STAMP): pyproject.toml setup.py requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) $(TORCH)
	# what an older requirements.txt installed; removing one OpenCV package takes files of the others with it
	$(BIN)/pip uninstall --quiet --quiet --yes opencv-python opencv-python-headless opencv-contrib-python
	$(BIN)/pip install --no-deps -r requirements.txt
	$(IN_TURN) $(BIN)/pip install --no-deps -e .
	touch $@

demo: setup
	$(BIN)/python tools/demo.py $(if $(DEMO_DIR),--work-dir "$(DEMO_DIR)") $(if $(VIDEOS),--videos "$(VIDEOS)")

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile

pythons:
	bash .ci/pythons $(PYTHON) $(TORCH)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: setup
	rm -rf dist build/light_env build/train_env
	$(BIN)/python -m build --outdir dist
	$(PYTHON) -m venv build/light_env
	build/light_env/bin/pip install --constraint requirements.txt dist/*.whl
	build/light_env/bin/python -I -W error tools/check_install.py light
	$(PYTHON) -m venv build/train_env
	build/train_env/bin/pip install --no-compile $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) $(TORCH)
	build/train_env/bin/pip install --no-compile --constraint requirements.txt "$$(ls dist/*.whl)[train,web]"
	build/train_env/bin/python -I -W error::ImportWarning tools/check_install.py train

# nbmake, which passes over folders called _build, writes the outputs into copies, which the site shows
docs: setup
	$(BIN)/pip install -r requirements-docs.txt
	rm -rf docs/_build build/notebooks
	mkdir -p build
	cp -r docs/notebooks build/notebooks
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --nbmake --overwrite build/notebooks/*.ipynb
	$(BIN)/sphinx-build -W --keep-going -n -q -b html docs docs/_build/html

# --no-deps: motion-vector-extractor would bring opencv-python, over the OpenCV that has TV-L1
bench: setup
	$(BIN)/pip install --no-deps -r requirements-bench.txt
	$(BIN)/python benchmarks/run_all.py
	$(BIN)/python benchmarks/chart.py
	$(BIN)/python benchmarks/speed_table.py
	$(BIN)/python benchmarks/plan.py

fuzz: setup
	$(BIN)/python tests/fuzz/fuzz.py $(if $(N),--number $(N))

reliability: setup
	$(BIN)/python tests/reliability/run_all.py $(if $(ONLY),--only $(ONLY))

evidence: setup
	$(BIN)/python evidence/run_suite.py --seeds $(SEEDS) $(if $(MISSING),--missing) $(if $(FRESH),--fresh) $(if $(FALLS),--falls "$(FALLS)")

rivals: setup
	$(BIN)/python evidence/run_rivals.py --seeds $(SEEDS) --levels $(LEVELS) $(if $(ONLY),--only $(ONLY)) $(if $(FALLS),--falls "$(FALLS)") $(if $(MISSING),--missing)

clean:
	rm -rf $(VENV) build dist *.egg-info
