"""Find out from an error of the data loader which of its workers have ended."""

import re
import time
from collections.abc import Iterator
from typing import Any

BROKEN_CONNECTION = (ConnectionError, EOFError, FileNotFoundError)
"""Errors from taking a batch whose worker ends while it sends the batch; the data itself may also raise them."""
_END = 1.0  # seconds between a broken connection and the end of its process


def dead_workers(error: RuntimeError) -> list[int]:
    """Process ids that torch's data loader names when it finds workers dead; empty for any other error."""
    found = re.match(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)', str(error))
    return [] if found is None else [int(pid) for pid in found[1].split(',')]


def ended_workers(error: Exception, batches: Iterator[Any] | None) -> list[int]:
    """Process ids of the workers whose end caused an error; empty for any other error.

    Args:
        error: raised by `next(batches)`: torch's own, which names them, or one of `BROKEN_CONNECTION`.
        batches: iterator of a torch data loader; None while the loader starts.
    """
    if isinstance(error, RuntimeError):
        return dead_workers(error)
    workers, until = getattr(batches, '_workers', ()), time.monotonic() + _END
    while not (ended := [worker.pid for worker in workers if not worker.is_alive()]) and time.monotonic() < until:
        time.sleep(0.01)
    return ended
