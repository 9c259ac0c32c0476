"""Keep losses and accuracies on the device until they are printed."""

from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.runner import Runner
from torch import Tensor


@HOOKS.register_module()
class DeferredInfoHook(RuntimeInfoHook):
    """MMEngine's RuntimeInfoHook with one read per printed line, instead of one per value and step.

    Every read makes the host wait until the device has finished the step, so that it cannot queue the next one. The
    same numbers reach the log and the checkpoint. The hook also reads the `grad_norm` that `StepOptimWrapper` keeps.
    """

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Tensor]] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict[str, Tensor] | None = None
    ) -> None:
        """Keep the step's values; read all pending values if this step is printed."""
        norm = getattr(runner.optim_wrapper, 'grad_norm', None)
        if norm is not None:
            runner.optim_wrapper.grad_norm = None  # the next batch may only accumulate and then has no norm
        values = ({} if norm is None else {'grad_norm': norm}) | (outputs or {})
        self.waiting += [(f'train/{key}', value.detach()) for key, value in values.items()]
        loggers = [hook for hook in runner.hooks if isinstance(hook, LoggerHook)]
        last = self.end_of_epoch(runner.train_dataloader, batch_idx)
        if last or any(self.every_n_inner_iters(batch_idx, logger.interval) for logger in loggers):
            self.read(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Read all pending values: a checkpoint holds the message hub, which needs every step."""
        self.read(runner)

    def read(self, runner: Runner) -> None:
        """Copy all values from the device at once and add them to MMEngine's message hub, in the order of the steps."""
        if not self.waiting:
            return
        numbers = torch.stack([value.double().reshape(()) for _, value in self.waiting]).tolist()
        for (key, _), number in zip(self.waiting, numbers, strict=True):
            runner.message_hub.update_scalar(key, number)
        self.waiting.clear()
