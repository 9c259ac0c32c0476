"""Runs whose steps take several batches stop, save, resume and scale their learning rate by whole steps."""

import os
import signal
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import CheckpointHook, Hook
from short_run import config, difference, launch, make_videos, options, state, train
from signals import children, wait_for_iteration
from torch.utils.data import dataloader

from cmvl_mm.checkpoints.newest import newest_valid
from cmvl_mm.checkpoints.pretrained import read_checkpoint
from cmvl_mm.engine.accumulation import check_saves
from cmvl_mm.engine.runner import CompressedRunner

COUNTS = {'optim_wrapper.accumulative_counts': 3}
"""Of the 4 batches of an epoch: a step of 3 and one of 1."""
WHOLE = ['iter_3', 'iter_4', 'iter_7', 'iter_8']


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    return make_videos(tmp_path_factory.mktemp('accumulation') / 'set')


@pytest.fixture
def tiny(videos, tmp_path):
    return lambda name, **changes: options(videos, tmp_path / name) | COUNTS | changes


@pytest.fixture(scope='module')
def unbroken(videos, tmp_path_factory):
    """2 epochs; the checkpoints that are due after each batch wait for the steps. Norms are logged as fast runs do."""
    folder = tmp_path_factory.mktemp('unbroken') / 'run'
    train(options(videos, folder) | COUNTS | FAST)
    return folder


FAST = {
    'fast_step': dict(
        precision='fp32', memory_format='contiguous', optimizer='foreach', logs='deferred', colour='host'
    ),
    'optim_wrapper.clip_grad': dict(max_norm=1.0),
}


def saved(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob('*.pth'))


def require_equal(*folders: Path) -> None:
    """In weights, optimiser, schedule, the loss of every batch and the norm of every step."""
    assert difference(*(state(folder / 'iter_8.pth') for folder in folders)) is None
    logs = [read_checkpoint(folder / 'iter_8.pth')['message_hub']['log_scalars'] for folder in folders]
    assert difference(*(log['train/grad_norm'].data[0].tolist() for log in logs)) is None
    assert len(logs[0]['train/grad_norm'].data[0]) == len(WHOLE)


@pytest.mark.slow
def test_checkpoints_wait_for_whole_steps_and_resume_to_the_same_bits(tiny, unbroken, tmp_path, capsys):
    """Also at an epoch's end that leaves a step of fewer batches, where MMEngine's warning would frighten."""
    assert saved(unbroken) == WHOLE
    for name in WHOLE[:3]:
        train(tiny(name, load_from=str(unbroken / f'{name}.pth'), resume=True, **FAST))
        require_equal(unbroken, tmp_path / name)
        log = capsys.readouterr().out
        assert log.count('gradient of some iterations is lost') == log.count('None are lost: the steps of an epoch end')


def test_weights_change_with_whole_steps_and_the_last_one_is_the_mean_of_its_batches(tiny, tmp_path):
    """A step of 3 batches, then one of 1, which a plain run from the same weights also takes."""
    seen = []

    class Watch(Hook):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            seen.append(runner.model.backbone.conv1.weight.detach().clone())

    plain = {'optim_wrapper.optimizer': dict(_delete_=True, type='SGD', lr=0.1)}
    plain |= {'auto_scale_lr.enable': False, 'param_scheduler': None}
    runner = CompressedRunner.from_cfg(config(tiny('run', **plain)))
    runner.register_hook(Watch())
    runner.train()
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])
    assert not torch.equal(seen[2], seen[3])

    by_three = read_checkpoint(tmp_path / 'run' / 'iter_3.pth')
    by_three['meta']['epoch_shape']['accumulation'] = 1
    torch.save(by_three, tmp_path / 'by_three.pth')
    single = {'optim_wrapper.accumulative_counts': 1, 'load_from': str(tmp_path / 'by_three.pth'), 'resume': True}
    train(tiny('single', **plain, **single))
    ends = [read_checkpoint(tmp_path / name / 'iter_4.pth')['state_dict'] for name in ('run', 'single')]
    assert difference(*ends) is None


@pytest.mark.slow
@pytest.mark.parametrize(('signalled_in', 'stops_after'), [(1, 3), (3, 4), (5, 7)])
def test_a_signal_in_mid_step_waits_for_its_end(tiny, unbroken, tmp_path, signalled_in, stops_after):
    class Signal(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            if runner.iter == signalled_in:
                os.kill(os.getpid(), signal.SIGTERM)

    never = {'default_hooks.checkpoint.interval': 100}
    runner = CompressedRunner.from_cfg(config(tiny('run', **never, **FAST)))
    runner.register_hook(Signal())
    with pytest.raises(SystemExit) as stopped:
        runner.train()
    assert stopped.value.code == 143
    assert saved(tmp_path / 'run') == [f'iter_{stops_after}']
    train(tiny('run', resume=True, experiment_name=f'{tmp_path}_again', **never, **FAST))
    require_equal(unbroken, tmp_path / 'run')


def test_a_signal_that_ends_the_workers_leaves_no_step_half_done(tiny, tmp_path, monkeypatch):
    """The fifth batch, in the middle of a step, is not to be had any more."""
    taken = dataloader._MultiProcessingDataLoaderIter._next_data
    calls = []

    def breaks_off(self):
        calls.append(1)
        if len(calls) != 5:
            return taken(self)
        self._workers[0].kill()
        os.kill(os.getpid(), signal.SIGTERM)
        raise ConnectionResetError(104, 'Connection reset by peer')

    monkeypatch.setattr(dataloader._MultiProcessingDataLoaderIter, '_next_data', breaks_off)
    batch = {'train_dataloader.batch_size': 2, 'train_dataloader.num_workers': 1}
    two = {'optim_wrapper.accumulative_counts': 2, 'default_hooks.checkpoint.interval': 100}
    calls.append(1)  # so that it is the fourth
    with pytest.raises(SystemExit):
        train(tiny('run', **batch, **two))
    assert newest_valid(tmp_path / 'run')[0].name == 'iter_2.pth'


@pytest.mark.slow
def test_ranks_stop_after_the_same_whole_step(videos, tmp_path):
    """Two of them, of which one has the signal; the resumed job equals one that had none."""

    def job(name, *words):
        chosen = options(videos, tmp_path / name, epochs=4, batch=1, by_epoch=True) | COUNTS
        return launch(chosen, 2, tmp_path / f'{name}.log', *words, CUDA_VISIBLE_DEVICES='')

    stopped = job('run')
    wait_for_iteration(stopped, tmp_path / 'run.log', 5)
    os.kill(children(stopped.pid)[1], signal.SIGTERM)
    assert stopped.wait(timeout=240) == 143
    newest = newest_valid(tmp_path / 'run')[0].stem
    assert newest.startswith('iter_')
    assert int(newest.removeprefix('iter_')) % 4 in (0, 3)
    for process in (job('run', '--resume'), job('unbroken')):
        assert process.wait(timeout=240) == 0
    ends = [state(tmp_path / name / 'epoch_4.pth') for name in ('run', 'unbroken')]
    assert difference(*ends) is None


def test_another_accumulation_and_half_a_step_are_refused(tiny, unbroken, tmp_path):
    with pytest.raises(ValueError, match=r"iter_3\.pth: .*'accumulation': 3.*'accumulation': 2.*accumulative_counts"):
        train(
            tiny('two', load_from=str(unbroken / 'iter_3.pth'), resume=True, **{'optim_wrapper.accumulative_counts': 2})
        )
    older = read_checkpoint(unbroken / 'iter_3.pth')
    del older['meta']['epoch_shape']['accumulation']  # as before it was recorded: nothing is said of it
    torch.save(older, tmp_path / 'older.pth')
    train(tiny('older', load_from=str(tmp_path / 'older.pth'), resume=True))
    with pytest.raises(ValueError, match=r"older\.pth: the run to resume had (?!.*accumulation').*'global_batch': 4"):
        train(tiny('batch', load_from=str(tmp_path / 'older.pth'), resume=True, **{'train_dataloader.batch_size': 4}))
    half = read_checkpoint(unbroken / 'iter_3.pth')
    half['meta']['iter'] = 2
    torch.save(half, tmp_path / 'half.pth')
    with pytest.raises(ValueError, match=r'half\.pth: the file was saved after 2 of the 3 batches of a step.*Remedy'):
        train(tiny('half', load_from=str(tmp_path / 'half.pth'), resume=True))


def test_stock_hooks_and_loops_that_would_save_half_a_step_are_refused(tiny):
    stock = dict(_delete_=True, type='CheckpointHook', by_epoch=False, interval=2)
    with pytest.raises(
        ValueError, match=r'CheckpointHook\.interval=2 saves within a step of 3 batches.*AtomicCheckpointHook'
    ):
        train(tiny('hook', **{'default_hooks.checkpoint': stock}))
    loop = {'train_cfg.type': 'EpochBasedTrainLoop', 'default_hooks.checkpoint.by_epoch': True}
    with pytest.raises(ValueError, match=r'epoch of 4 batches ends within a step of 3.*ResumableEpochLoop'):
        train(tiny('loop', **loop))


@pytest.mark.parametrize(
    ('counts', 'length', 'interval', 'whole'),
    [
        (2, 5, 5, True),  # an epoch ends a step
        (2, 5, 10, True),
        (2, 5, 4, False),
        (2, 5, 3, False),
        (2, 6, 4, True),
        (2, 6, 3, False),
        (4, 6, 6, True),
        (4, 8, 6, False),
        (1, 5, 3, True),
    ],
)
def test_stock_hooks_may_save_where_every_step_is_whole(counts, length, interval, whole):
    runner = SimpleNamespace(
        optim_wrapper=SimpleNamespace(_accumulative_counts=counts),
        hooks=[CheckpointHook(by_epoch=False, interval=interval)],
    )
    ends = {0}  # of the steps of two rounds of epochs, counted one by one
    for epoch in range(2 * interval):
        ends |= {epoch * length + min(end, length) for end in range(counts, length + counts, counts)}
    assert whole == all(save in ends for save in range(interval, 2 * interval * length + 1, interval))
    with nullcontext() if whole else pytest.raises(ValueError, match='saves within a step'):
        check_saves(runner, length)


@pytest.mark.parametrize(('counts', 'rate'), [(1, 0.0003), (4, 0.0012)])
def test_the_learning_rate_follows_the_effective_batch(tiny, capsys, counts, rate):
    """Base batch 16, batch 2: 0.0024 becomes an eighth of it, times the batches of a step."""
    chosen = {
        'optim_wrapper.optimizer.lr': 0.0024,
        'optim_wrapper.accumulative_counts': counts,
        'param_scheduler': None,
    }
    runner = train(tiny('run', **chosen, **{'train_cfg.max_epochs': 1}))
    assert runner.optim_wrapper.get_lr()['lr'] == [pytest.approx(rate)]
    expected = (
        f'a step takes {2 * counts} videos (2 a process x 1 processes x {counts} accumulated), so the learning rate'
    )
    assert f'{expected} is {rate:g}.' in capsys.readouterr().out
