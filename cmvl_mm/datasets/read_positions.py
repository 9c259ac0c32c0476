"""Which sample each data-loader worker was at: a worker that the system kills cannot say so itself."""

import os
from multiprocessing.sharedctypes import RawArray
from typing import NamedTuple

from torch.utils.data import get_worker_info


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
