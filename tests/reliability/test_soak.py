"""The light version of the soak, and that it would see a leak, an open file, and what a killed run leaves."""

import subprocess
import sys
from pathlib import Path

import pytest
import soak


@pytest.mark.slow
def test_light_version():
    broken = [finding for finding in soak.findings('light') if not finding.held]
    assert not broken


@pytest.mark.slow
def test_what_a_data_set_keeps_is_seen(tmp_path):
    """200 kB and an open file a sample, in the workers; the main process keeps nothing, and is not blamed."""
    changes = {
        'custom_imports': dict(imports=['cmvl_mm.register', 'leaky_data'], allow_failed_imports=False),
        'train_dataloader.dataset.type': 'LeakyDataset',
    }
    amount = soak.Amount(videos=24, epochs=10, limit=soak.AMOUNTS['light'].limit)
    readings = soak.watch(tmp_path / 'leak', soak.make_videos(tmp_path / 'videos'), amount, changes)
    assert not soak.memory(readings, amount).held
    assert not soak.handles(readings, amount).held
    assert (soak.growth(readings)[1:] > 80).all()  # MiB per 1,000 samples: half of 190 in each of two workers
    assert (soak.spread(readings)[1:, 0] >= 60).all()
    assert soak.spread(readings)[0].tolist() == [0, 0]


def test_what_is_left_in_shared_memory_is_seen():
    name = 'left_by_a_test_of_soak'
    path = Path('/dev/shm', name)
    path.write_bytes(b'1')
    try:
        with open(path):
            assert soak.unheld([name]) == set()
        assert soak.unheld([name]) == {name}
    finally:
        path.unlink()


def test_a_worker_that_outlives_its_parent_is_seen():
    with subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE) as process:
        assert soak.is_alive(process.pid)
        assert not soak.killed((set(), [process.pid], 30.0)).held
        process.kill()
        soak.wait_for(lambda: not soak.is_alive(process.pid), 10)
        assert not soak.is_alive(process.pid)  # a zombie until it is waited for
    assert soak.killed((set(), [], 5.0)).held
    assert not soak.killed(({'torch_1_2'}, [], 5.0)).held
