"""Which sample each data-loader worker was at: a worker that the system kills cannot say so itself."""

import os
import re
import time
from collections.abc import Iterator
from multiprocessing.sharedctypes import RawArray
from typing import Any, NamedTuple

from torch.utils.data import get_worker_info

BROKEN_CONNECTION = (ConnectionError, EOFError, FileNotFoundError)
"""What taking a batch raises if its worker ends while it hands it over; the data itself may raise these, too."""
_END = 1.0  # seconds between a broken connection and the end of the process behind it


class Place(NamedTuple):
    """A worker and the position in the list that it read last."""

    worker: int
    position: int


class LastRead:
    """A process id and a position for each worker, in memory that workers and training share.

    Args:
        workers: of one data loader.
    """

    def __init__(self, workers: int) -> None:
        self._places = RawArray('q', 2 * workers)

    def note(self, position: int) -> None:
        """Called by a worker before it reads; outside a worker nothing is noted."""
        worker = get_worker_info()
        if worker is not None:
            self._places[2 * worker.id : 2 * worker.id + 2] = [os.getpid(), position]

    def of(self, pid: int) -> Place | None:
        """Where a worker process was; None if it has read nothing yet."""
        for worker, noted in enumerate(self._places[::2]):
            if noted == pid:
                return Place(worker, self._places[2 * worker + 1])
        return None


def dead_workers(error: RuntimeError) -> list[int]:
    """Process ids that torch's data loader names when it finds workers dead; empty for any other error."""
    found = re.match(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)', str(error))
    return [] if found is None else [int(pid) for pid in found[1].split(',')]


def ended_workers(error: Exception, batches: Iterator[Any] | None) -> list[int]:
    """Process ids of the workers whose end an error comes of; empty for any other error.

    Args:
        error: raised by `next(batches)`: torch's own, which names them, or one of `BROKEN_CONNECTION`.
        batches: iterator of a torch data loader; None while it starts.
    """
    if isinstance(error, RuntimeError):
        return dead_workers(error)
    workers, until = getattr(batches, '_workers', ()), time.monotonic() + _END
    while not (ended := [worker.pid for worker in workers if not worker.is_alive()]) and time.monotonic() < until:
        time.sleep(0.01)
    return ended
