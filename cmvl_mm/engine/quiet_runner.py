"""A run for a person in front of a screen: name, device, data, a bar and results there, all else in the log file."""

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

_VERY_LOW = 90  # behind the logger, whose figures the bar shows


class QuietRunner(CompressedRunner):
    """A `CompressedRunner` whose screen shows what `ScreenHook` says, and warnings. The log file has all lines.

    Environment and config are in the log file, WORK_DIR/TIME/TIME.log, alone.
    """

    @classmethod
    def from_cfg(cls, cfg: Config | dict[str, Any]) -> Self:
        """As `CompressedRunner`; then says run, device and log."""
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
        """As `CompressedRunner`, and the screen's lines and bars."""
        super().register_hooks(default_hooks, custom_hooks)
        self.register_hook(ScreenHook(), priority=_VERY_LOW)


def device_in_words() -> str:
    """'NVIDIA H200', or 'CPU, 2 threads'."""
    if get_device() == 'cuda':
        return str(torch.cuda.get_device_name())
    threads = torch.get_num_threads()
    return f'CPU, {threads} thread{"" if threads == 1 else "s"}'


def shown_path(path: Path) -> Path:
    """From the working directory, where it lies below it."""
    here, whole = Path.cwd(), path.absolute()
    return whole.relative_to(here) if whole.is_relative_to(here) else path
