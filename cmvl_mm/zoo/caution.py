"""Warnings about using the zoo's weights on real videos, logged once per process."""

import logging
from functools import cache

from .manifest import Entry

logger = logging.getLogger(__name__)


def warn_of(entry: Entry) -> None:
    """Log the caution of an entry, if it has one; only the first time."""
    _warn_once(entry.caution())


@cache
def _warn_once(caution: str | None) -> None:
    if caution is not None:
        logger.warning(caution)
