"""Fixtures shared by all tests: fixed seeds, and the folder of real clips and golden numbers."""

import gc
import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `process_state`

from process_state import changes, process_state

REPOSITORY = Path(__file__).resolve().parents[1]

# What earlier tests left belongs to this process: a process that is forked must not free it. What lives before a file
# of tests begins, torch and a million other objects, is frozen: collecting takes milliseconds then, not 0.3 s a fork.
os.register_at_fork(before=gc.collect)


@pytest.fixture(scope='module', autouse=True)
def _left_by_a_file():
    """No file leaves a change of its process behind; fixtures of a file may last as long as it."""
    gc.collect()
    gc.freeze()
    before, first_seen = process_state(), {}
    yield first_seen
    if left := changes(before, process_state()):
        told = [f'{line} (since {first_seen.get(line.partition(": ")[0], "the file")})' for line in sorted(left)]
        pytest.fail('left behind in the process, for all later tests:\n' + '\n'.join(told), pytrace=False)


@pytest.fixture(autouse=True)
def _left_by_a_test(request, _left_by_a_file):
    """It comes before all fixtures of a test, and ends after them."""
    before = process_state()
    yield
    for line in changes(before, process_state()):
        _left_by_a_file.setdefault(line.partition(': ')[0], request.node.name)


@pytest.fixture(autouse=True)
def _fixed_seeds():
    """No random state leaks from one test into the next."""
    random.seed(0)
    np.random.seed(0)
    try:
        import torch
    except ImportError:
        return
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _no_rank_left_behind(_left_by_a_test, monkeypatch):
    """Our tools and MMAction2's set LOCAL_RANK, which accelerate takes for a torchrun's."""
    monkeypatch.setenv('LOCAL_RANK', '0')  # so that it is put back as it was
    monkeypatch.delenv('LOCAL_RANK')


@pytest.fixture(scope='session', autouse=True)
def _readers_of_the_package():
    """MMEngine's tables of file readers as importing the package leaves them: before any tool runs in this process."""
    try:
        from mmengine.fileio.handlers import file_handlers
        from mmengine.runner.checkpoint import CheckpointLoader

        from cmvl_mm.checkpoints.mmengine_reader import mend_checkpoint_reader
    except ImportError:  # an install without extras
        return []
    mend_checkpoint_reader()
    return [(table, dict(table)) for table in (file_handlers, CheckpointLoader._schemes)]


@pytest.fixture(autouse=True)
def _file_readers_put_back(_readers_of_the_package):
    """Our tools make MMEngine's readers strict for their process; a tool that a test calls does so for its own time.

    Before a test as well: a fixture of a wider scope, which comes first, may have called a tool.
    """

    def put_back():
        for table, before in _readers_of_the_package:
            table.clear()
            table.update(before)

    put_back()
    yield
    put_back()


@pytest.fixture(scope='session')
def repository() -> Path:
    """The checkout's root: configs, tools and the package."""
    return REPOSITORY


@pytest.fixture(scope='session')
def shared() -> Path:
    """The folder `shared` beside the checkout: real clips, official splits, golden numbers."""
    folder = REPOSITORY.parent / 'shared'
    if not folder.is_dir():
        pytest.skip(f'needs {folder}, which does not exist: real clips and golden numbers, not part of the repository')
    return folder


@pytest.fixture(scope='session')
def controlled_set(tmp_path_factory) -> Path:
    """A folder with 8 training and 8 test videos of the controlled set, and lists of their motions' classes.

    The training videos have flow files, made of their vectors: TV-L1 would take minutes.
    """
    from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS, make_controlled_video
    from cmvl_mm.datasets.flow import FLOW_BLOCK, write_flow
    from cmvl_mm.video import CompressedVideo
    from cmvl_mm.video.encode import write_video

    root = tmp_path_factory.mktemp('controlled')
    (root / 'videos').mkdir()
    for split, seed in (('train', 1), ('test', 2)):
        lines = []
        for label, motion in enumerate(MOTIONS):
            frames, _ = make_controlled_video((seed, label), CONTEXTS[label], motion)
            path = root / 'videos' / f'{split}{label}.mp4'
            write_video(frames, path, quantiser=4)
            if split == 'train':
                with CompressedVideo(path, block=FLOW_BLOCK) as video:
                    write_flow(video, video.read(motion=range(video.num_frames)).motion.vectors)
            lines.append(f'videos/{split}{label}.mp4 {label}\n')
        (root / f'{split}.txt').write_text(''.join(lines))
    return root
