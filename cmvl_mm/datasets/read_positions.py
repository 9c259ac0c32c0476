"""The last sample of each data-loader worker, as a worker killed by the system cannot report it."""

import os
from copy import copy
from typing import NamedTuple

from torch.utils.data import get_worker_info

from .shared_ints import SharedInts

_NOTED = 3  # process id, part and position


class Place(NamedTuple):
    """A worker and its last sample."""

    worker: int
    position: int
    """Position in the list of the part."""
    part: int = 0
    """Number of the data set in a wrapper."""


class LastRead:
    """A process id and a position for each worker, in memory shared by the workers and the training process.

    Args:
        workers: number of workers of one data loader.
    """

    def __init__(self, workers: int) -> None:
        self._places = SharedInts(_NOTED * max(workers, 1))
        self._part = 0

    def for_part(self, part: int) -> 'LastRead':
        """A view of the same memory for another data set in the same wrapper."""
        other = copy(self)
        other._part = part
        return other

    def note(self, position: int) -> None:
        """Note a position; a worker calls this before it reads, and outside a worker nothing is noted."""
        worker = get_worker_info()
        if worker is not None:
            self._places.values[_NOTED * worker.id :][:_NOTED] = os.getpid(), self._part, position

    def of(self, pid: int) -> Place | None:
        """The last sample of a worker process; None if it has read nothing yet."""
        for worker, (noted, part, position) in enumerate(self._places.values.reshape(-1, _NOTED).tolist()):
            if noted == pid:
                return Place(worker, position, part)
        return None
