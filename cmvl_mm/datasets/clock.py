"""The epoch, seed and visit count of a plain integer index, on which the random draws of a sample depend.

A `SampleIndex` contains them. Samplers and wrappers of other projects pass plain integers, which do not:

| caller of the data set | epoch | seed |
|---|---|---|
| a loop that calls `set_epoch(epoch, seed)`, as `ResumableEpochLoop` does | as set | the run's, in all processes |
| a loop or library that calls `set_epoch(epoch)` | as set | torch's when it was set, with rank and worker |
| anything else | none; reads are counted | torch's, with rank and worker |

Within an epoch, or if no epoch is set, each process counts how often it has read an index. A counter shared by all
workers would depend on their speed. Separate counters, with the worker's number in the seed, give the same draws for
the same seed, and different draws for any two reads.

After `set_epoch` the draws are not reproducible in two cases: a loop with persistent workers leaves an epoch early
(prefetched indices can count as reads of the next epoch), or two loaders with workers read one data set at once. A
`SampleIndex` of `ResumableSampler` has neither limit.
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
_WORKERS = 1024  # slots; each counts the workers that had one number since the epoch was set
_WORKERS_OF_A_RANK = 64
_WORD = (1 << 64) - 1

_clocks: WeakValueDictionary[bytes, 'Clock'] = WeakValueDictionary()


class Clock:
    """The epoch of a data set, shared with its workers and with copies of the data set in the same process."""

    def __init__(self) -> None:
        self._begin(os.urandom(16), SharedInts(_LIVES + _WORKERS), os.getpid(), None)

    def _begin(self, name: bytes, shared: SharedInts, owner: int, rank: int | None) -> None:
        self._name = name
        self._shared = shared
        self._owner = owner  # the process that owns this memory; its workers have the same id here
        self._rank = rank  # of the owner, as a worker cannot find it out
        self._here: tuple[int, int] | None = None
        self._reads: dict[int, int] = {}
        self._place: tuple[int, ...] = ()
        self._mixed: tuple[int | None, int] = (None, 0)
        self._number = 0
        _clocks[name] = self

    def set_epoch(self, epoch: int, seed: int | None = None) -> None:
        """Begin an epoch, before its first sample is read.

        Args:
            epoch: number of the epoch; setting the same number again repeats its clips.
            seed: the run's seed. With it the draws depend on (seed, epoch, index) only; without it on torch's seed in
                this process, on the rank and on the worker.

        Raises:
            ValueError: the epoch is negative or larger than 2**24 - 1.
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
        """The `SampleIndex` of a plain integer in the current process, epoch and visit."""
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
        """Start the counters in a process that has not read yet, or in a new epoch."""
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
            values[slot] += 1  # the next worker with this number in this epoch differs
        self._mixed = None, 0
        self._here = os.getpid(), int(values[_TIMES_SET])

    def _own(self) -> None:
        """Give a process that is neither a worker nor the owner (a rank, or one of a pool) its own clock."""
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
        """A 64-bit hash of the seed, the rank, the worker and the count of workers with its number."""
        if self._mixed[0] != seed:
            self._mixed = seed, int(np.random.SeedSequence([seed, *self._place]).generate_state(1, np.uint64)[0])
        return self._mixed[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the same clock: copying the data set for each epoch must not restart it."""
        return self


def _for_the_way(clock: Clock) -> tuple[Any, ...]:
    """Pickle a clock: the same clock in a process that has it, shared memory in a new worker, otherwise a copy."""
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
    """Torch's seed in this process; in a worker the seed shared by all workers of its loader."""
    worker = get_worker_info()
    return (torch.initial_seed() if worker is None else worker.seed - worker.id) & _WORD


def _known_rank() -> int | None:
    """This process's rank in the training; None if it is unknown."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank()
    rank = os.environ.get('RANK', '')
    return int(rank) if rank.isdecimal() else None


_AGAIN = (
    'Epoch {epoch} of the data set is set again after it was read: its clips repeat. Remedy: count up, as in '
    '`for epoch in range(epochs): dataset.set_epoch(epoch)`; count epochs that end early, too.'
)
_UNCONNECTED = (
    'This data set is a copy from process {owner}, and shares nothing with it. Its random draws start anew: if each '
    'epoch gets a new copy, every epoch has the same clips. Remedy: call dataset.set_epoch(epoch) before sending it.'
)
