"""What is to be known of the zoo's weights before they are used on real videos, said once a process."""

import logging
from functools import cache

from .manifest import Entry

logger = logging.getLogger(__name__)


def warn_of(entry: Entry) -> None:
    """A line in the log for an entry that has something to be warned of; none the second time."""
    _warn_once(entry.caution())


@cache
def _warn_once(caution: str | None) -> None:
    if caution is not None:
        logger.warning(caution)
