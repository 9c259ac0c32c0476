"""A run for a person in front of a screen: a progress bar and warnings there, all else in the log file."""

import logging
import sys
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from tqdm import tqdm

from .runner import CompressedRunner

_UPSTREAM = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')  # MMEngine's words on itself
_VERY_LOW = 90  # behind the logger, whose figures the bar shows


class QuietRunner(CompressedRunner):
    """A `CompressedRunner` whose screen shows progress and warnings. The log file has all that the others print."""

    def build_logger(self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs: Any) -> MMLogger:
        """As MMEngine, with `ScreenHandler` in the place of the handler that prints each line."""
        built = super().build_logger(log_level, log_file, **kwargs)
        for handler in list(built.handlers):
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                built.removeHandler(handler)
        if not any(isinstance(handler, ScreenHandler) for handler in built.handlers):
            built.addHandler(ScreenHandler())
        return built

    def register_hooks(
        self, default_hooks: dict[str, Any] | None = None, custom_hooks: list[Any] | None = None
    ) -> None:
        """As `CompressedRunner`, and the progress bars."""
        super().register_hooks(default_hooks, custom_hooks)
        self.register_hook(ProgressHook(), priority=_VERY_LOW)


class ScreenHandler(logging.Handler):
    """Warnings and errors on standard error, above a progress bar; MMEngine's deprecations of itself are left out."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """One record, as 'WARNING: …'."""
        message = record.getMessage()
        if not message.startswith(_UPSTREAM):
            tqdm.write(f'{record.levelname}: {message}', file=sys.stderr)


class ProgressHook(Hook):
    """Bars over the steps of a training, with the epoch and the last logged loss, and over the batches of a test."""

    def __init__(self) -> None:
        self.bar: Any = None

    def before_train(self, runner: Runner) -> None:
        """A resumed run's bar begins where it goes on."""
        self.bar = tqdm(total=runner.max_iters, initial=runner.iter, desc='training', unit='step')

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """One step."""
        loss = runner.message_hub.log_scalars.get('train/loss')
        shown = {} if loss is None else {'loss': f'{loss.current():.3f}'}
        self.bar.set_postfix(epoch=f'{runner.epoch + 1}/{runner.max_epochs}', **shown, refresh=False)
        self.bar.update()

    def after_train(self, runner: Runner) -> None:
        """Leave the finished bar on the screen."""
        self.bar.close()

    def before_test(self, runner: Runner) -> None:
        """One bar a test."""
        self.bar = tqdm(total=len(runner.test_dataloader), desc='testing', unit='batch')

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """One batch."""
        self.bar.update()

    def after_test(self, runner: Runner) -> None:
        """Leave the finished bar on the screen."""
        self.bar.close()
