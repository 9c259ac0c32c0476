"""Scale the schedule of a config to its number of epochs, and log a line about it."""

import logging
from typing import Any

from mmengine.config import Config

from .schedule_scale import as_list, in_words, scaled

_LINES = '_cmvl_mm_lines'  # an attribute of the Config, not a key: copies keep it, dumped files do not
logger = logging.getLogger(__name__)


def epochs_of(config: Config) -> int | None:
    """`train_cfg.max_epochs` if it is a valid number, otherwise None."""
    epochs = (config.get('train_cfg') or {}).get('max_epochs')
    return epochs if isinstance(epochs, int) and not isinstance(epochs, bool) and epochs > 0 else None


def follow_epochs(config: Config, before: int | None) -> None:
    """Scale the schedule to the current number of epochs.

    Args:
        config: changed in place.
        before: number of epochs for which the schedule was written; None changes nothing.
    """
    after = epochs_of(config)
    old = as_list(config.get('param_scheduler'))
    if before is None or after is None or before == after or not old:
        return
    config.param_scheduler = scaled(old, before, after)
    say(
        config,
        f'train_cfg.max_epochs: {after}, not {before}; the schedule follows: {in_words(config.param_scheduler)} '
        f'(before: {in_words(old)}).',
    )


def say(config: Config, line: str) -> None:
    """Log a line now, and again in the log of the run."""
    logger.info(line)
    object.__setattr__(config, _LINES, [*lines_of(config), line])


def lines_of(config: Config) -> list[str]:
    """Lines that `say` logged before the run had a log file."""
    found: Any = config.__dict__.get(_LINES, [])
    return list(found)
