"""An epoch loop that resumes at the iteration of a checkpoint and can be interrupted between any two iterations."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mmaction.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from cmvl_mm.datasets.read_positions import LastRead
from cmvl_mm.datasets.wrappers import compressed_parts
from cmvl_mm.engine.worker_deaths import BROKEN_CONNECTION, ended_workers

from .accumulation import batches_a_step, check_saves, end_steps_with_epoch, schedules_that_count_batches
from .checkpoint_hook import AtomicCheckpointHook
from .sampler import ResumableSampler
from .signals import Agreement, StopSignals, end_rank, exit_code

REPEAT = 'Repeat the command to resume (tools/train.py: with --resume).'


class WorkerDied(RuntimeError):
    """A data-loader worker was killed; the message names it and the video that it was reading."""


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop, started at the iteration of the checkpoint; nothing is decoded twice.

    MMEngine's own loop restarts the epoch. The position comes from the runner's iteration, never from the sampler,
    which is ahead of training.

    SIGTERM and SIGINT end the run after a step, with a checkpoint and exit code 143 or 130. During a validation
    the run ends after it; the epoch before it is saved already.

    With `optim_wrapper.accumulative_counts=k` a step takes k batches and begins when all of them are available, so the
    end of the workers leaves no step half done. The last step of an epoch takes the remaining batches.

    Args:
        max_epochs: total training epochs.
        val_epochs: epochs after which the validation loop, if any, runs; it always runs after the last epoch.

    Raises:
        TypeError: the data loader's sampler cannot start in the middle of an epoch.
        ValueError: the list is smaller than one global batch, or the last batch may be smaller.
    """

    steps_end_with_epochs = True
    """Steps end with the epoch for any `accumulative_counts`."""

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_epochs: int,
        val_epochs: Sequence[int] = (),
    ) -> None:
        super().__init__(runner, dataloader, max_epochs)
        self.val_epochs = frozenset(val_epochs)
        self.signals = StopSignals()
        if not isinstance(self.dataloader.sampler, ResumableSampler):
            raise TypeError(
                f'ResumableEpochLoop needs a ResumableSampler, not {type(self.dataloader.sampler).__name__}. '
                "Remedy: set train_dataloader.sampler=dict(type='ResumableSampler'), or "
                "train_cfg=dict(type='EpochBasedTrainLoop', …), which draws new clips each epoch; but its resumed runs "
                'repeat the epoch, and draw other clips than an unbroken run.'
            )
        if not self.dataloader.drop_last:
            raise ValueError('ResumableEpochLoop needs full batches. Remedy: set train_dataloader.drop_last=True.')
        if len(self.dataloader) == 0:
            raise ValueError(
                f'{len(self.dataloader.dataset)} videos are fewer than one global batch of '
                f'{self.dataloader.batch_size} x {self.dataloader.sampler.world_size}. '
                'Remedy: set a smaller train_dataloader.batch_size, or add videos.'
            )
        self.parts = compressed_parts(self.dataloader.dataset)
        self.told_of_lost_indices = False

    def run(self) -> nn.Module:
        """Train and listen for signals.

        Raises:
            SystemExit: a signal arrived and the checkpoint is written; the code is 143 or 130.
            WorkerDied: the system killed a data-loader worker.
        """
        self.agreement = Agreement()
        self.last_read = LastRead(self.dataloader.num_workers)
        for number, part in enumerate(self.parts):
            part.last_read = self.last_read.for_part(number)
        check_saves(self.runner, len(self.dataloader))
        if self._iter % batches_a_step(self.runner.optim_wrapper):
            self.runner.logger.info(
                'MMEngine warns that resuming here loses gradients. None are lost: the steps of an epoch end with it.'
            )
        with self.signals, schedules_that_count_batches(self.runner.optim_wrapper):
            if not self.signals.listening:
                self.runner.logger.warning(
                    'This is not the main thread, so SIGTERM and Ctrl-C cannot be caught: they end the run without '
                    'saving a checkpoint. Remedy: train in the main thread.'
                )
            try:
                return super().run()
            finally:
                for part in self.parts:  # another loader may have more workers
                    part.last_read = None

    def run_epoch(self) -> None:
        """Run the remaining iterations of one epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.dataloader.sampler.seed = self.runner.seed  # a resumed run has the checkpoint's seed
        batches_done = self._iter - self._epoch * len(self.dataloader)
        self.dataloader.sampler.set_epoch(self._epoch)
        for part in self.parts:  # for wrappers that pass on plain integers
            part.set_epoch(self._epoch, self.runner.seed)
        self.dataloader.sampler.set_start(batches_done * self.dataloader.batch_size)
        end_steps_with_epoch(self.runner, batches_done, len(self.dataloader))
        for batch_idx, data_batch in enumerate(self._batches(), start=batches_done):
            self.run_iter(batch_idx, data_batch)
            self.runner.has_trained = True
        self._tell_of_lost_indices()
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _tell_of_lost_indices(self) -> None:
        """Warn once that a wrapper turns the sampler's `SampleIndex`es into plain integers."""
        lists = sorted({part.ann_file for part in self.parts if part.clock.was_asked})
        if lists and not self.told_of_lost_indices:
            self.told_of_lost_indices = True
            self.runner.logger.warning(
                f'A wrapper around the data set of {", ".join(lists)} passes on plain integers, not the sampler’s '
                'indices. The clips depend on seed and epoch. If the wrapper reads a video more than once an epoch, '
                'its clips may repeat. Remedy: let the wrapper pass index.at(position), or the index itself.'
            )

    def _batches(self) -> Iterator[dict[str, Any]]:
        """The data loader's batches until a process receives a signal: then all processes stop before the same step.

        The processes agree once each has the batches of its next step, or cannot get them because the signal also ended
        its workers.
        """
        batches = self._from_workers(lambda: iter(self.dataloader))
        self.signals.find_dead_workers_late()
        counts = batches_a_step(self.runner.optim_wrapper)
        while True:
            of_a_step = self._next(counts, batches) if batches is not None else []
            number = self.agreement.on(self.signals.received)
            if number is not None:
                self._stop(number)
            if not of_a_step:
                return
            yield from of_a_step

    def _next(self, count: int, batches: Iterator[Any]) -> list[dict[str, Any]]:
        """The batches of a step: fewer at the end of the epoch or after a signal ended the workers."""
        taken: list[dict[str, Any]] = []
        while len(taken) < count:
            batch = self._from_workers(lambda: next(batches, None), batches)
            if batch is None:
                break
            taken.append(batch)
        return taken

    def _from_workers(self, take: Callable[[], Any], batches: Iterator[Any] | None = None) -> Any:
        """The result of `take`; None if a signal to this process also ended its workers.

        Raises:
            WorkerDied: the system killed a worker.
        """
        try:
            return take()
        except (RuntimeError, *BROKEN_CONNECTION) as error:
            pids = ended_workers(error, batches)
            if not pids:
                raise
            if not self.signals.come_within_a_moment():
                raise WorkerDied(self._obituary(pids)) from error
            return None

    def _stop(self, number: int) -> None:
        """Save and end this process; none ends before the file is written, or its launcher would kill the writer."""
        writers = [hook for hook in self.runner.hooks if isinstance(hook, AtomicCheckpointHook)]
        for hook in writers:
            hook.save_between_iterations(self.runner)
        self.agreement.on(number)
        self.runner.logger.warning(
            f'Stopped by signal {number} after iteration {self._iter}; '
            + (
                f'the checkpoint is saved. {REPEAT}'
                if writers
                else 'no checkpoint is saved, because the run has no AtomicCheckpointHook.'
            )
        )
        if self.runner.launcher != 'none':
            end_rank(exit_code(number))
        raise SystemExit(exit_code(number))

    def _obituary(self, pids: list[int]) -> str:
        lines = []
        for pid in pids:
            place = self.last_read.of(pid)
            if place is None:
                lines.append(f'a data-loader worker (process {pid}) died before it read a video')
            else:
                path = self.parts[place.part].entries[place.position].path
                lines.append(f'data-loader worker {place.worker} (process {pid}) died; its last video was {path}')
        return (
            f'{"; ".join(lines)}. The worker crashed, or the system killed it, most often for lack of memory. '
            'Remedy: set fewer train_dataloader.num_workers or a smaller batch; if the video is always the same, '
            f'remove it from the list. {REPEAT}'
        )

    def _decide_current_val_interval(self) -> None:
        """Set the interval that MMEngine reads after each epoch: 1 to validate now, past the end to skip."""
        self.val_interval = 1 if self._epoch in self.val_epochs else self._max_epochs + 1
