"""A command imports what it needs: libraries that take seconds are left to the processes that run networks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NETWORKS = ('torch', 'cv2', 'mmcv', 'mmaction')
TRAINING = ('scipy', 'mmaction.datasets', 'matplotlib', 'pandas', 'transformers', 'cmvl_mm.datasets.dataset')
TRAINING += ('cmvl_mm.engine.runner', 'cmvl_mm.evaluation.metrics', 'cmvl_mm.register', 'cmvl_mm.hub')
WATCHED = """
import json, sys
from cmvl_mm.cli.main import main
try:
    main({words!r}, prog_name='cmvl', standalone_mode=False)
finally:
    print('imported', json.dumps(sorted(sys.modules)))
"""
OF_A_WORKER = """
import json, sys
from cmvl_mm.embedding import block
write = block.write_part
def told(*words):
    print('imported', json.dumps(sorted(sys.modules)))
    return write(*words)
block.write_part = told
from cmvl_mm.embedding.folder import embed_folder
embed_folder({videos!r}, {out!r}, workers=0)
"""


def modules_after(code: str, folder: Path) -> set[str]:
    """What a process of its own has imported at the end, by its last line."""
    script = folder / 'script.py'  # workers of multiprocessing import it again
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', str(script)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {'OMP_NUM_THREADS': '1'},
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith('imported ')]
    return set(json.loads(line.removeprefix('imported ')))


def command(*words: str) -> str:
    guarded = WATCHED.format(words=list(words)).strip().splitlines()
    return "if __name__ == '__main__':\n" + ''.join(f'    {line}\n' for line in guarded)


@pytest.fixture(scope='module')
def clips(tmp_path_factory) -> Path:
    from cmvl_mm.controlled.synthetic import make_pan
    from cmvl_mm.video.encode import write_video

    folder = tmp_path_factory.mktemp('clips')
    frames = make_pan(displacement=(2, 1), num_frames=70, height=128, width=128, seed=0).frames
    write_video(frames, folder / 'one.mp4')
    return folder


@pytest.mark.parametrize('words', [['--help'], ['embed', '--help'], ['search', '--help'], ['--version']])
def test_help_imports_no_library_at_all(words, tmp_path):
    imported = modules_after(command(*words), tmp_path)
    assert not imported & {*NETWORKS, 'numpy', 'av', 'pyarrow', 'mmengine'}


def test_the_process_that_hands_out_videos_does_not_import_what_runs_networks(clips, tmp_path):
    imported = modules_after(command('embed', str(clips), '-o', f'{tmp_path}/out/', '--workers', '1'), tmp_path)
    assert (tmp_path / 'out/parts/000000.parquet').is_file()
    assert not imported & {*NETWORKS, *TRAINING, 'ray', 'faiss'}
    imported = modules_after(command('search', f'{tmp_path}/out/', '0', '--clips'), tmp_path)
    assert not imported & {'mmengine.dist', 'mmcv', 'mmaction', *TRAINING}


def test_a_worker_imports_models_and_nothing_that_trains_or_tests(clips, tmp_path):
    imported = modules_after(OF_A_WORKER.format(videos=str(clips), out=str(tmp_path / 'out')), tmp_path)
    assert 'mmaction.models' in imported
    assert not imported & {*TRAINING, 'ray', 'faiss'}


def test_vectors_need_the_reader_alone(clips, tmp_path):
    code = command('vectors', str(clips / 'one.mp4'), '-o', str(tmp_path / 'out.npz'))
    assert not modules_after(code, tmp_path) & {*NETWORKS, 'mmengine', 'pyarrow', 'scipy', 'matplotlib'}


def test_every_model_is_registered_without_what_trains(tmp_path):
    code = """
import json, sys
import cmvl_mm.register_models
from mmaction.registry import MODELS
MODELS.import_from_location()
models = set(MODELS.module_dict)
assert 'cmvl_mm.register' not in sys.modules
import cmvl_mm.register
print('imported', json.dumps([len(models), *sorted(set(MODELS.module_dict) - models)]))
"""
    (count,) = modules_after(code, tmp_path)
    assert count > 100
