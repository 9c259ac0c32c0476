"""The light version of the checks of saving."""

from pathlib import Path

import pytest
from interrupted_save import failing_disks, killed_in_saves
from mmengine.hooks import Hook
from short_run import config, make_videos, options

from cmvl_mm.engine.logs import read_curves
from cmvl_mm.engine.runner import CompressedRunner


class FreeSpace(Hook):
    """At the end of an epoch the file may be written."""

    def __init__(self, path):
        self.path = path

    def after_train_epoch(self, runner):
        if self.path.is_symlink():
            self.path.unlink()


@pytest.mark.slow
def test_kills_inside_a_save(tmp_path):
    finding = killed_in_saves(tmp_path / 'killed', kills=4, megabytes=8)
    assert finding.held, finding.figure


@pytest.mark.slow
def test_a_full_disk_and_a_read_only_one(tmp_path):
    for finding in failing_disks(tmp_path):
        assert finding.held, finding.figure


@pytest.mark.slow
def test_curves_that_cannot_be_written_do_not_end_training(tmp_path, capsys):
    """The shipped config, with a full device in place of its file of curves until half of the run is done."""
    videos = make_videos(tmp_path / 'set')
    runner = CompressedRunner.from_cfg(config(options(videos, tmp_path / 'run')))
    curves = Path(runner.log_dir, 'vis_data', 'scalars.json')
    curves.parent.mkdir(parents=True, exist_ok=True)
    curves.symlink_to('/dev/full')
    runner.register_hook(FreeSpace(curves))
    runner.train()
    printed = capsys.readouterr().out
    assert printed.count('a row of the curves could not be written: No space left on device. Training goes on') == 4
    assert (tmp_path / 'run' / 'iter_8.pth').exists()
    assert [row['step'] for row in read_curves(tmp_path / 'run')] == [5, 6, 7, 8]
