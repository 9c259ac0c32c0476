"""A run with little output: the screen shows name, device, data, a bar and results; the log file has all the rest."""

import logging
from pathlib import Path
from typing import Any, Self

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import MMLogger

from .runner import CompressedRunner
from .screen import ON_SCREEN, ScreenHandler
from .screen_hook import ScreenHook

_VERY_LOW = 90  # after the logger hook, whose figures the bar shows


class QuietRunner(CompressedRunner):
    """A `CompressedRunner` that shows the lines of `ScreenHook` and warnings on the screen. The log file has all lines.

    Only the log file, WORK_DIR/TIME/TIME.log, has environment and config.
    """

    @classmethod
    def from_cfg(cls, cfg: Config | dict[str, Any]) -> Self:
        """Build the runner as `CompressedRunner` does, then show run, device and log file."""
        runner = super().from_cfg(cfg)
        name = Path(runner.cfg.filename).name if runner.cfg.filename else 'a config'
        for line in (
            f'run: {name} in {shown_path(Path(runner.work_dir))}',
            f'device: {device_in_words()}' + (f', {runner.world_size} processes' if runner.world_size > 1 else ''),
            f'log: {shown_path(Path(runner.log_dir, f"{runner.timestamp}.log"))}',
        ):
            runner.logger.info(line, extra=ON_SCREEN)
        return runner

    def build_logger(self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs: Any) -> MMLogger:
        """Build MMEngine's logger, with `ScreenHandler` instead of the handler that prints each line."""
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
        """Register the hooks of `CompressedRunner`, and `ScreenHook` for the lines and bars on the screen."""
        super().register_hooks(default_hooks, custom_hooks)
        self.register_hook(ScreenHook(), priority=_VERY_LOW)


def device_in_words() -> str:
    """'NVIDIA H200', or 'CPU, 2 threads'."""
    if get_device() == 'cuda':
        return str(torch.cuda.get_device_name())
    threads = torch.get_num_threads()
    return f'CPU, {threads} thread{"" if threads == 1 else "s"}'


def shown_path(path: Path) -> Path:
    """The path relative to the working directory, if it lies below it."""
    here, whole = Path.cwd(), path.absolute()
    return whole.relative_to(here) if whole.is_relative_to(here) else path
