"""When checkpoints are written and which are kept; `checkpoints/durable.py` defines how they are written."""

from pathlib import Path
from typing import Any

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from cmvl_mm.checkpoints.durable import (
    OF_A_RUN,
    CheckpointWriteError,
    remove_checkpoint,
    require_writable,
    write_checkpoint,
)
from cmvl_mm.files.git import commit_of

from .accumulation import batches_a_step, step_is_whole

_REPOSITORY = Path(__file__).resolve().parents[2]
_COMMIT = 'commit'  # also in the message hub: the commit that the zoo states for the weights
_KEPT = 'kept_checkpoints'  # in the message hub, so that a resumed run knows which files it may delete


def newest_saved(runner: Runner) -> Path | None:
    """The checkpoint that `AtomicCheckpointHook` saved last in this run; None if it has saved none."""
    kept = runner.message_hub.runtime_info.get(_KEPT)
    return Path(runner.work_dir, kept[-1]) if kept else None


@register_backend('checkpoint')
class CheckpointBackend(LocalBackend):
    """The file backend to which MMEngine's Runner passes the bytes of a checkpoint."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write the bytes so that a crash leaves either the old files or the new file."""
        write_checkpoint(obj, Path(filepath))


@HOOKS.register_module()
class AtomicCheckpointHook(Hook):
    """MMEngine's CheckpointHook, except that it deletes the old file last and tolerates failed saves.

    A run whose work directory is not writable does not begin. Where a later save fails, for example on a full disk,
    the log says so and training continues: the state is in memory and the next save may work, while stopping would lose
    the work since the last save. The last save of a run and the save at a signal raise, because no other save follows.

    A save that is due between the batches of a step (`optim_wrapper.accumulative_counts`) waits for the end of the
    step: checkpoints do not hold pending gradients.

    Args:
        interval: epochs, or iterations, between saves; the end of training is always saved.
        by_epoch: count epochs and name files `epoch_N.pth`; otherwise count iterations and name files `iter_N.pth`.
        max_keep_ckpts: number of checkpoints to keep; older ones are deleted once the new one is on disk; -1 keeps all.
    """

    priority = 'VERY_LOW'

    def __init__(self, *, interval: int = 1, by_epoch: bool = True, max_keep_ckpts: int = -1) -> None:
        if interval < 1 or max_keep_ckpts == 0 or max_keep_ckpts < -1:
            raise ValueError(f'{interval=} must be at least 1, and {max_keep_ckpts=} at least 1 or -1')
        self.interval, self.by_epoch, self.max_keep_ckpts = interval, by_epoch, max_keep_ckpts
        self.due = False
        """Whether a save is waiting for the end of a step."""

    def before_train(self, runner: Runner) -> None:
        """Refuse a work directory that is not writable; record the commit of the code, if there is one.

        Raises:
            CheckpointWriteError: the folder is not writable; names folder, reason and remedy.
            ValueError: epochs end between the batches of a step.
        """
        self._require_whole_epochs(runner)
        if is_main_process():
            require_writable(Path(runner.work_dir))
            self._note_commit(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Save every `interval` epochs and after the last epoch."""
        last = self.is_last_train_epoch(runner)
        if self.by_epoch and (last or self.every_n_epochs(runner, self.interval)):
            self._save(runner, f'epoch_{runner.epoch + 1}.pth', dict(epoch=runner.epoch + 1, iter=runner.iter), last)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Save every `interval` iterations, once the step is whole, and after the last iteration."""
        if self.by_epoch:
            return
        last = self.is_last_train_iter(runner)
        self.due = self.due or last or self.every_n_train_iters(runner, self.interval)
        if self.due and step_is_whole(runner.optim_wrapper):
            self.due = False
            self._save(runner, f'iter_{runner.iter + 1}.pth', dict(epoch=runner.epoch, iter=runner.iter + 1), last)

    def save_between_iterations(self, runner: Runner) -> None:
        """Save the state after the last finished iteration, before the run is stopped.

        Raises:
            CheckpointWriteError: the checkpoint could not be written.
        """
        self._save(runner, f'iter_{runner.iter}.pth', dict(epoch=runner.epoch, iter=runner.iter), last=True)

    def _save(self, runner: Runner, name: str, meta: dict[str, int], last: bool) -> None:
        if not is_main_process():
            return
        folder = Path(runner.work_dir)
        before = self._kept(runner)
        kept = [*(other for other in before if other != name), name]
        runner.message_hub.update_info(_KEPT, kept)
        try:
            runner.save_checkpoint(str(folder), name, meta=meta, backend_args=dict(backend='checkpoint'))
        except CheckpointWriteError as error:
            runner.message_hub.update_info(_KEPT, before)
            if last:
                raise
            runner.logger.error(f'{error} Training continues; the next save is tried when it is due.')
            return
        runner.logger.info(f'Saved {folder / name}')
        while self.max_keep_ckpts > 0 and len(kept) > self.max_keep_ckpts:
            remove_checkpoint(folder / kept.pop(0))
        runner.message_hub.update_info(_KEPT, kept)

    def _require_whole_epochs(self, runner: Runner) -> None:
        counts = batches_a_step(runner.optim_wrapper)
        if not self.by_epoch or counts == 1:
            return
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop) or getattr(loop, 'steps_end_with_epochs', False):
            return  # MMEngine's iteration loop has one epoch, whose last step is whole
        if len(runner.train_dataloader) % counts:
            raise ValueError(
                f'An epoch of {len(runner.train_dataloader)} batches ends within a step of {counts} '
                '(optim_wrapper.accumulative_counts), and a checkpoint would lack its gradients. Remedy: set '
                "train_cfg.type='ResumableEpochLoop', which ends a step with the epoch, or an accumulative_counts that "
                'divides the epoch.'
            )

    @staticmethod
    def _note_commit(runner: Runner) -> None:
        """Record the commit for checkpoints, with '+changes' for a run that resumes at another commit."""
        now, before = commit_of(_REPOSITORY), runner.message_hub.runtime_info.get(_COMMIT)
        if now is not None and before not in (None, now):
            now = f'{now.removesuffix("+changes")}+changes'
        if now is not None:
            runner.message_hub.update_info(_COMMIT, now)

    @staticmethod
    def _kept(runner: Runner) -> list[str]:
        """Kept file names of the form that a run writes: an untrusted checkpoint's list must not delete other files."""
        names = runner.message_hub.runtime_info.get(_KEPT, [])
        return [name for name in names if isinstance(name, str) and OF_A_RUN.fullmatch(name)]
