"""Train with our runner in this process; resume if the work directory has a checkpoint."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.resolve import CheckpointError
from cmvl_mm.engine.config import merge_options
from cmvl_mm.engine.logger_hook import WholeFileLoggerHook
from cmvl_mm.engine.quiet_runner import QuietRunner, device_in_words
from cmvl_mm.engine.same_run import ResumeError
from cmvl_mm.engine.strict_files import read_files_as_data
from cmvl_mm.files.atomic import replace_text

from .plan import counted, fit_batch, fit_epochs

_SAVES = 20  # at most, per run


def fit_to(config: Config, videos: int, epochs: int | None, options: Mapping[str, Any]) -> str:
    """Set batch, epochs and saves for a number of videos; keys set in `options` stay.

    Args:
        config: changed in place.
        videos: number of videos of the training list.
        epochs: number of epochs; None chooses it.
        options: options of the user.

    Returns:
        A line for the screen.
    """
    usual_batch, usual_epochs = config.train_dataloader.batch_size, config.train_cfg.max_epochs
    chosen: dict[str, Any] = {}
    batch = usual_batch
    if 'train_dataloader.batch_size' not in options:
        batch = chosen['train_dataloader.batch_size'] = fit_batch(videos, usual_batch)
    by_itself = epochs is None and 'train_cfg.max_epochs' not in options
    if by_itself:
        epochs = fit_epochs(videos, batch, usual_epochs, usual_batch)
    if epochs is not None:
        chosen['train_cfg.max_epochs'] = epochs
    epochs = epochs or usual_epochs
    if 'default_hooks.checkpoint.interval' not in options:
        chosen['default_hooks.checkpoint.interval'] = max(1, epochs // _SAVES)
    merge_options(config, chosen)
    each, fewer = videos // batch, 'For fewer, pass --epochs N. ' if by_itself else ''
    return (
        f'{counted(videos, "video")}, {counted(epochs, "epoch")} of {counted(each, "step")} of '
        f'{counted(batch, "clip")}: {counted(epochs * each, "step")} on {device_in_words()}. '
        f'{fewer}Ctrl-C is safe: repeat the command to resume.'
    )


def train(config: Config, out: Path) -> None:
    """Train to the end; a stopped run resumes from its newest checkpoint.

    Args:
        config: config that is complete except for its work directory.
        out: the work directory.

    Raises:
        ResumeError, CheckpointError: `out` holds another run, whose config stays unchanged.
    """
    read_files_as_data()
    config.launcher, config.work_dir, config.resume = 'none', str(out.absolute()), True
    dumped = out / Path(config.filename).name
    before = dumped.read_text() if dumped.is_file() else None
    runner = QuietRunner.from_cfg(_named(config))  # writes the config
    try:
        runner.train()
    except (ResumeError, CheckpointError):
        if before is not None:
            replace_text(dumped, before)
        raise


def run_test(config: Config, out: Path, weights: Path) -> dict[str, float]:
    """Test weights and return the figures in the metrics' own units. Only the log file has their table.

    Args:
        config: config that is complete except for its work directory.
        out: the work directory.
        weights: a checkpoint.
    """
    config.launcher, config.work_dir, config.resume, config.load_from = 'none', str(out.absolute()), False, str(weights)
    runner = QuietRunner.from_cfg(_named(config))
    for hook in runner.hooks:
        if isinstance(hook, WholeFileLoggerHook):
            hook.figures_on_screen = False
    return runner.test()


def _named(config: Config) -> Config:
    """Name the run: MMEngine names it by the second, and two runs of one name would share a log."""
    config.experiment_name = f'{Path(config.filename or "run").stem}_{time.time_ns()}'
    return config
