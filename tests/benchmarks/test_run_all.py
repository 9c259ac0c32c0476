"""make bench: one page from all benchmarks, and none where one of them fails."""

import pytest


@pytest.fixture
def run_all(load_benchmark, monkeypatch, tmp_path):
    module = load_benchmark('run_all')
    monkeypatch.setattr(module, 'FOLDER', tmp_path)
    return module


def write_script(folder, name, *, fails=False):
    """A benchmark that writes its arguments and its number of threads as its table."""
    facts = dict(cpu='a CPU', cores='2', date='today', load='0.00 at the start', numpy='9.9')
    (folder / f'{name}.py').write_text(
        'import json, os, sys\n'
        f'table = "{name} %s %s" % (sys.argv[3:], os.environ["OMP_NUM_THREADS"])\n'
        f'out = dict(machine={facts!r}, reports=[dict(table=table)])\n'
        f'open(sys.argv[2], "w").write(json.dumps(out))\nsys.exit({int(fails)})\n'
    )


def test_a_page_of_all_tables(run_all, tmp_path):
    for name in ('extraction', 'loss'):
        write_script(tmp_path, name)
    run_all.main(['--only', 'extraction', 'loss', '--rounds', '2', '--out', str(tmp_path / 'page.md')])
    page = (tmp_path / 'page.md').read_text()
    assert page.index("extraction ['--rounds', '2'] 1") < page.index("loss ['--rounds', '2'] 1")
    assert 'a CPU, 2 cores; today' in page
    assert 'numpy 9.9' in page


def test_a_failure_writes_nothing(run_all, tmp_path):
    write_script(tmp_path, 'loss', fails=True)
    with pytest.raises(SystemExit, match=r'loss\.py failed with exit code 1'):
        run_all.main(['--only', 'loss', '--out', str(tmp_path / 'page.md')])
    assert not (tmp_path / 'page.md').exists()


def test_every_benchmark_named_exists_and_takes_the_options(load_benchmark, repository):
    for name in load_benchmark('run_all').BENCHMARKS:
        assert (repository / 'benchmarks' / f'{name}.py').is_file()
        with pytest.raises(SystemExit) as caught:
            load_benchmark(name).main(['--help'])
        assert caught.value.code == 0
