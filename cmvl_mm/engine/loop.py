"""An epoch loop that continues where a run was interrupted."""

from collections.abc import Sequence

from mmaction.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from .sampler import ResumableSampler


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop, entered at the iteration of the checkpoint; nothing is decoded twice.

    MMEngine's own loop restarts the epoch. The position comes from the runner's iteration, never from the sampler,
    which runs ahead of training.

    Args:
        max_epochs: total training epochs.
        val_epochs: the epochs after which the validation loop runs, where there is one; it runs after the last anyway.

    Raises:
        TypeError: the data loader's sampler cannot start in the middle of an epoch.
        ValueError: the list is smaller than one global batch, or batches are not all full.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_epochs: int,
        val_epochs: Sequence[int] = (),
    ) -> None:
        super().__init__(runner, dataloader, max_epochs)
        self.val_epochs = frozenset(val_epochs)
        if not isinstance(self.dataloader.sampler, ResumableSampler):
            raise TypeError(
                f'ResumableEpochLoop needs a ResumableSampler, not {type(self.dataloader.sampler).__name__}. '
                "Remedy: train_dataloader.sampler=dict(type='ResumableSampler'), or "
                "train_cfg=dict(type='EpochBasedTrainLoop', …) for a run that need not resume exactly."
            )
        if not self.dataloader.drop_last:
            raise ValueError('ResumableEpochLoop counts full batches. Remedy: train_dataloader.drop_last=True.')
        if len(self.dataloader) == 0:
            raise ValueError(
                f'{len(self.dataloader.dataset)} videos are fewer than one global batch of '
                f'{self.dataloader.batch_size} x {self.dataloader.sampler.world_size}. '
                'Remedy: a smaller train_dataloader.batch_size, or more videos.'
            )

    def run_epoch(self) -> None:
        """Iterate the rest of one epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.dataloader.sampler.seed = self.runner.seed  # a resumed run has the checkpoint's
        batches_done = self._iter - self._epoch * len(self.dataloader)
        self.dataloader.sampler.set_epoch(self._epoch)
        self.dataloader.sampler.set_start(batches_done * self.dataloader.batch_size)
        for batch_idx, data_batch in enumerate(self.dataloader, start=batches_done):
            self.run_iter(batch_idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _decide_current_val_interval(self) -> None:
        """MMEngine asks after each epoch; an interval of 1 is now, one past the end is not now."""
        self.val_interval = 1 if self._epoch in self.val_epochs else self._max_epochs + 1
