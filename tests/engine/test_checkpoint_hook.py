"""Which checkpoints are kept, and what a save that fails does to a run."""

import logging
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop

from cmvl_mm.checkpoints.durable import CheckpointWriteError, write_checkpoint
from cmvl_mm.engine import checkpoint_hook
from cmvl_mm.engine.checkpoint_hook import AtomicCheckpointHook, CheckpointBackend
from cmvl_mm.engine.loop import ResumableEpochLoop


@pytest.fixture
def runner(tmp_path):
    """Saves a few bytes; `fails` makes it fail."""

    def save_checkpoint(folder, name, meta, backend_args):
        if made.fails:
            raise CheckpointWriteError(f'{name}: the disk is full.')
        made.on_disk.append(sorted(path.name for path in tmp_path.glob('*.pth')))
        assert backend_args == dict(backend='checkpoint')
        CheckpointBackend().put(repr(meta).encode(), f'{folder}/{name}')

    hub = MessageHub(tmp_path.name)
    loop = SimpleNamespace(stop_training=False)
    made = SimpleNamespace(
        work_dir=str(tmp_path), message_hub=hub, logger=logging.getLogger('hook'), save_checkpoint=save_checkpoint,
        epoch=0, iter=0, max_epochs=9, max_iters=36, fails=False, on_disk=[], train_loop=loop,
        optim_wrapper=SimpleNamespace(_accumulative_counts=1),
    )  # fmt: skip
    return made


def epochs(hook, runner, *numbers) -> list[str]:
    for number in numbers:
        runner.epoch, runner.iter = number - 1, 4 * number
        hook.after_train_epoch(runner)
    return sorted(path.name for path in Path(runner.work_dir).glob('*.pth*'))


def test_the_old_one_goes_when_the_new_one_is_there(runner):
    hook = AtomicCheckpointHook(max_keep_ckpts=1)
    assert epochs(hook, runner, 1, 2, 3) == ['epoch_3.pth', 'epoch_3.pth.sha256']
    assert runner.on_disk == [[], ['epoch_1.pth'], ['epoch_2.pth']]


def test_interval_and_last_epoch(runner):
    assert epochs(AtomicCheckpointHook(interval=4), runner, *range(1, 10))[::2] == [
        'epoch_4.pth', 'epoch_8.pth', 'epoch_9.pth',
    ]  # fmt: skip


def test_a_failed_save_is_logged_and_forgets_no_file(runner, caplog):
    hook = AtomicCheckpointHook(max_keep_ckpts=2)
    epochs(hook, runner, 1, 2)
    runner.fails = True
    assert epochs(hook, runner, 3)[::2] == ['epoch_1.pth', 'epoch_2.pth']
    assert 'epoch_3.pth: the disk is full. Training continues' in caplog.text
    runner.fails = False
    assert epochs(hook, runner, 4)[::2] == ['epoch_2.pth', 'epoch_4.pth']


def test_the_last_save_must_not_fail(runner):
    runner.fails = True
    with pytest.raises(CheckpointWriteError):
        epochs(AtomicCheckpointHook(), runner, 9)
    with pytest.raises(CheckpointWriteError):
        AtomicCheckpointHook().save_between_iterations(runner)


def test_a_checkpoint_of_an_interruption_is_replaced_like_any_other(runner):
    hook = AtomicCheckpointHook(max_keep_ckpts=1)
    epochs(hook, runner, 1)
    runner.epoch, runner.iter = 1, 6
    hook.save_between_iterations(runner)
    assert sorted(path.name for path in Path(runner.work_dir).glob('*.pth')) == ['iter_6.pth']
    assert epochs(hook, runner, 2)[::2] == ['epoch_2.pth']


def test_a_resumed_run_deletes_what_the_killed_one_had_no_time_for(runner):
    """Killed between a save and the deletion: the checkpoint lists both."""
    hook = AtomicCheckpointHook(max_keep_ckpts=1)
    held = []
    save = runner.save_checkpoint
    runner.save_checkpoint = lambda *args, **kw: (held.append(runner.message_hub.state_dict()), save(*args, **kw))
    epochs(hook, runner, 1, 2)
    write_checkpoint(b'not deleted in time', Path(runner.work_dir) / 'epoch_1.pth')
    runner.message_hub = MessageHub('resumed')
    runner.message_hub.load_state_dict(held[-1])
    assert epochs(AtomicCheckpointHook(max_keep_ckpts=1), runner, 3)[::2] == ['epoch_3.pth']


def test_a_stranger_s_list_deletes_nothing_else(runner, tmp_path):
    others = [tmp_path.parent / 'epoch_1.pth', tmp_path / 'notes.pth']
    for other in others:
        other.touch()
    runner.message_hub.update_info('kept_checkpoints', ['../epoch_1.pth', str(others[0]), 'notes.pth', 7])
    epochs(AtomicCheckpointHook(max_keep_ckpts=1), runner, 1, 2)
    assert all(other.exists() for other in others)


@pytest.mark.parametrize('options', [dict(interval=0), dict(max_keep_ckpts=0), dict(max_keep_ckpts=-2)])
def test_impossible_settings_are_refused(options):
    with pytest.raises(ValueError, match='at least 1'):
        AtomicCheckpointHook(**options)


def test_before_training_the_folder_is_tried(runner, tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr(checkpoint_hook, 'require_writable', tried.append)
    AtomicCheckpointHook().before_train(runner)
    assert tried == [tmp_path]


@pytest.mark.parametrize(
    ('kind', 'refused'), [(EpochBasedTrainLoop, True), (ResumableEpochLoop, False), (IterBasedTrainLoop, False)]
)
def test_only_epochs_that_end_in_mid_step_are_refused(runner, kind, refused):
    """A loop of iterations has no such epochs."""
    runner.train_loop = kind.__new__(kind)
    runner.train_dataloader = range(5)
    runner.optim_wrapper._accumulative_counts = 2
    with pytest.raises(ValueError, match='An epoch of 5 batches') if refused else nullcontext():
        AtomicCheckpointHook().before_train(runner)


@pytest.mark.parametrize(
    ('commits', 'recorded'),
    [
        (['a'], 'a'),
        (['a+changes'], 'a+changes'),
        (['a', 'a'], 'a'),
        (['a', 'b'], 'b+changes'),  # a run that went on at another is of neither
        (['a', 'b+changes'], 'b+changes'),
        (['a', 'b', 'b'], 'b+changes'),
        ([None], None),
    ],
)
def test_the_commit_that_trains_is_noted(runner, monkeypatch, commits, recorded):
    for commit in commits:  # of the processes of one run, each going on where the one before stopped
        monkeypatch.setattr(checkpoint_hook, 'commit_of', lambda repository, commit=commit: commit)
        AtomicCheckpointHook().before_train(runner)
    assert runner.message_hub.runtime_info.get('commit') == recorded
