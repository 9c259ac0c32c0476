"""Which sample each data-loader worker was at: a worker that the system kills cannot say so itself."""

import os
from copy import copy
from typing import NamedTuple

from torch.utils.data import get_worker_info

from .shared_ints import SharedInts

_NOTED = 3  # process id, part and position


class Place(NamedTuple):
    """A worker, and what it read last."""

    worker: int
    position: int
    """In the list of the part."""
    part: int = 0
    """Which of the data sets in a wrapper."""


class LastRead:
    """A process id and a position for each worker, in memory that workers and training share.

    Args:
        workers: of one data loader.
    """

    def __init__(self, workers: int) -> None:
        self._places = SharedInts(_NOTED * max(workers, 1))
        self._part = 0

    def for_part(self, part: int) -> 'LastRead':
        """The same memory, for another data set in the same wrapper."""
        other = copy(self)
        other._part = part
        return other

    def note(self, position: int) -> None:
        """Called by a worker before it reads; outside a worker nothing is noted."""
        worker = get_worker_info()
        if worker is not None:
            self._places.values[_NOTED * worker.id :][:_NOTED] = os.getpid(), self._part, position

    def of(self, pid: int) -> Place | None:
        """Where a worker process was; None if it has read nothing yet."""
        for worker, (noted, part, position) in enumerate(self._places.values.reshape(-1, _NOTED).tolist()):
            if noted == pid:
                return Place(worker, position, part)
        return None
