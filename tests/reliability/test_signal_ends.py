"""How a process ends that was asked to stop: at once, where it is one of several."""

import os
import signal

import pytest
from mmengine.hooks import Hook
from short_run import config, make_videos, options

from cmvl_mm.engine import loop
from cmvl_mm.engine.runner import CompressedRunner


class EndedAtOnce(BaseException):
    """In place of the end of this process."""


class SignalAfterFirst(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(('launcher', 'end'), [('none', SystemExit), ('pytorch', EndedAtOnce), ('slurm', EndedAtOnce)])
def test_a_process_of_a_launcher_s_does_not_wait_for_python_s_own_end(tmp_path, monkeypatch, launcher, end):
    """That takes seconds, or hangs, and Slurm kills after KillWait what has not ended."""

    def end_rank(code):
        raise EndedAtOnce(code)

    monkeypatch.setattr(loop, 'end_rank', end_rank)
    runner = CompressedRunner.from_cfg(config(options(make_videos(tmp_path / 'set'), tmp_path / 'run', keep=1)))
    runner.register_hook(SignalAfterFirst())
    monkeypatch.setattr(runner, '_launcher', launcher)
    with pytest.raises(end) as ended:
        runner.train()
    assert ended.value.args == (143,)
    assert [path.name for path in (tmp_path / 'run').glob('*.pth')] == ['iter_1.pth']
