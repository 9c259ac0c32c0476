"""What a plain integer means to a data set: the epoch, the seed and the reading that its draws depend on.

A `SampleIndex` says so itself. Samplers and wrappers of other projects hand on plain integers, which say nothing:

| who drives the data set | epoch | seed |
|---|---|---|
| a loop that calls `set_epoch(epoch, seed)`, as `ResumableEpochLoop` does | as set | the run's, the same everywhere |
| a loop or library that calls `set_epoch(epoch)` | as set | torch's when it was set, with rank and worker |
| anything else | none; readings are counted | torch's, with rank and worker |

Within an epoch, or where nobody sets one, each process counts how often it has read an index. A counter that all
workers share would depend on which of two is faster; counting in each, with the worker's number in the seed, gives the
same draws for the same seed, and no two readings the same ones.

The same draws do not come again, after `set_epoch`, where a loop with persistent workers leaves an epoch early (indices
that they have prefetched can count as readings of the next epoch), or where two loaders with workers read one data set
at once. A `SampleIndex` of `ResumableSampler` has neither limit.
"""

import copyreg
import os
import warnings
from typing import Any, Self
from weakref import WeakValueDictionary

import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import get_worker_info

from .sample_index import MAX_EPOCH, SampleIndex
from .shared_ints import SharedInts

_TIMES_SET, _EPOCH, _SEED, _SEED_IS_THE_RUNS, _READ, _PROCESSES, _LIVES = range(7)
_WORKERS = 1024  # slots that count how many workers of one number there were since the epoch was set
_WORKERS_OF_A_RANK = 64
_WORD = (1 << 64) - 1

_clocks: WeakValueDictionary[bytes, 'Clock'] = WeakValueDictionary()


class Clock:
    """The epoch of a data set, shared with its workers; copies of the data set in one process have the same clock."""

    def __init__(self) -> None:
        self._begin(os.urandom(16), SharedInts(_LIVES + _WORKERS), os.getpid(), None)

    def _begin(self, name: bytes, shared: SharedInts, owner: int, rank: int | None) -> None:
        self._name = name
        self._shared = shared
        self._owner = owner  # the process whose memory this is; its workers have the same
        self._rank = rank  # of the owner, where a worker cannot find it out
        self._here: tuple[int, int] | None = None
        self._reads: dict[int, int] = {}
        self._place: tuple[int, ...] = ()
        self._mixed: tuple[int | None, int] = (None, 0)
        self._number = 0
        _clocks[name] = self

    def set_epoch(self, epoch: int, seed: int | None = None) -> None:
        """Begin an epoch, before its first sample is asked for.

        Args:
            epoch: its number; the clips of a number come again when it is set again.
            seed: the run's. With it the draws depend on (seed, epoch, index) alone; without it on torch's seed in this
                process, on the rank and on the worker.

        Raises:
            ValueError: the epoch is negative or beyond 2**24 - 1.
        """
        if not 0 <= epoch <= MAX_EPOCH:
            raise ValueError(f'epoch={epoch} is outside 0 ... {MAX_EPOCH}')
        self._own()
        values = self._shared.values
        if values[_TIMES_SET] and values[_READ] and values[_EPOCH] == epoch:
            warnings.warn(_AGAIN.format(epoch=epoch), stacklevel=3)
        values[_EPOCH] = epoch
        values[_SEED] = np.uint64((_process_seed() if seed is None else seed) & _WORD).astype(np.int64)
        values[_SEED_IS_THE_RUNS] = seed is not None
        values[_READ] = 0
        values[_LIVES:] = 0
        values[_TIMES_SET] += 1

    @property
    def was_asked(self) -> bool:
        """Whether a plain integer has been read in this epoch, by this process or a worker."""
        return bool(self._shared.values[_READ])

    def index(self, position: int) -> SampleIndex:
        """What a plain integer stands for, here and now."""
        values = self._shared.values
        here = os.getpid(), int(values[_TIMES_SET])
        if here != self._here:
            self._enter()
            values = self._shared.values
        values[_READ] = 1
        visit = self._reads.get(position, 0)
        self._reads[position] = visit + 1
        if values[_SEED_IS_THE_RUNS]:
            seed = int(values[_SEED]) & _WORD
        else:
            seed = self._mix(int(values[_SEED]) & _WORD if values[_TIMES_SET] else _process_seed())
        return SampleIndex(position, epoch=int(values[_EPOCH]), seed=seed, visit=visit)

    def _enter(self) -> None:
        """Begin to count: in a process that has not read yet, or in an epoch."""
        known, worker = _known_rank(), get_worker_info()
        if not self._shared.connected and not self._shared.values[_TIMES_SET] and known is None:
            warnings.warn(_UNCONNECTED.format(owner=self._owner), stacklevel=5)
        self._own()
        rank, values = self._rank or 0 if known is None else known, self._shared.values
        self._reads = {}
        if worker is None:
            self._place = rank, 0, self._number
        else:
            slot = _LIVES + (rank * _WORKERS_OF_A_RANK + worker.id) % _WORKERS
            self._place = rank, worker.id + 1, int(values[slot])
            values[slot] += 1  # the next worker of this number in this epoch is another
        self._mixed = None, 0
        self._here = os.getpid(), int(values[_TIMES_SET])

    def _own(self) -> None:
        """A process that is no worker and not the owner keeps its own clock: a rank, or one of a pool."""
        if os.getpid() == self._owner or get_worker_info() is not None:
            return
        before = self._shared.values
        if _known_rank() is None:
            before[_PROCESSES] += 1
            self._number = int(before[_PROCESSES])
        self._shared = SharedInts(len(before))
        self._shared.values[:] = before
        self._owner = os.getpid()

    def _mix(self, seed: int) -> int:
        """64 bits of the seed, the rank, the worker and how many there were of its number."""
        if self._mixed[0] != seed:
            self._mixed = seed, int(np.random.SeedSequence([seed, *self._place]).generate_state(1, np.uint64)[0])
        return self._mixed[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The same clock: a copy of the data set for each epoch must not begin anew."""
        return self


def _for_the_way(clock: Clock) -> tuple[Any, ...]:
    """How a clock is pickled: the same one in a process that has it, memory in common in a new worker, else a copy."""
    rank = _known_rank()
    return _received, (clock._name, clock._shared, clock._owner, clock._rank if rank is None else rank)


copyreg.pickle(Clock, _for_the_way)


def _received(name: bytes, shared: SharedInts, owner: int, rank: int | None) -> Clock:
    if name in _clocks:
        return _clocks[name]
    clock = Clock.__new__(Clock)
    clock._begin(name, shared, owner, rank)
    return clock


def _process_seed() -> int:
    """Torch's; of a worker the seed that it shares with the other workers of its loader."""
    worker = get_worker_info()
    return (torch.initial_seed() if worker is None else worker.seed - worker.id) & _WORD


def _known_rank() -> int | None:
    """This process's among those that train together; None where nothing tells."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    rank = os.environ.get('RANK', '')
    return int(rank) if rank.isdecimal() else None


_AGAIN = (
    'Epoch {epoch} of the data set is set again after it was read: its clips come again. Remedy: count on, as in '
    '`for epoch in range(epochs): dataset.set_epoch(epoch)`; a loop that leaves an epoch early must count it, too.'
)
_UNCONNECTED = (
    'This data set is a copy from process {owner}, and shares nothing with it. Here its draws begin anew: if a new '
    'copy is sent for each epoch, each epoch has the same clips. Remedy: dataset.set_epoch(epoch) before it is sent.'
)
