"""A sample's identity, (seed, epoch, index, visit), and a random generator that depends only on it."""

from typing import Any, Self

import numpy as np

_INDEX_BITS = 40
MAX_EPOCH = (1 << 64 - _INDEX_BITS) - 1
_WORD = (1 << 64) - 1  # a mask: seeds may be negative or longer


class SampleIndex(int):
    """A position in a dataset, with its epoch and the run's seed.

    It is an `int`, so every dataset accepts it. It passes through a data loader's queue, so persistent workers know
    the current epoch.

    Wrappers convert the position in the whole to one in a part: they subtract an offset, take a remainder, or divide.
    The result is a `SampleIndex` of the same epoch and seed, and the information lost in the step goes into `visit`.
    So two positions of the wrapper that lead to one video never share their draws.

    Args:
        index: the position.
        epoch, seed: epoch and seed of the run.
        visit: distinguishes reads of one position in one epoch; 0 is the first.
    """

    epoch: int
    seed: int
    visit: int

    def __new__(cls, index: int, *, epoch: int = 0, seed: int = 0, visit: int = 0) -> Self:
        if not 0 <= index < 1 << _INDEX_BITS:
            raise IndexError(f'sample index {int(index)} is outside 0 ... 2**{_INDEX_BITS} - 1')
        self = super().__new__(cls, index)
        self.epoch = epoch
        self.seed = seed
        self.visit = visit
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[int], dict[str, int]]:
        """Support pickling, for the queue of a data loader."""
        return (int(self),), dict(epoch=self.epoch, seed=self.seed, visit=self.visit)

    def at(self, position: int) -> Self:
        """Another position, which a wrapper looks up for this one, with the same epoch and seed.

        A wrapper with a list of positions should pass `index.at(self.order[index])`.
        """
        position = int(position)
        visit = self.visit + int(self) - position
        return type(self)(position, epoch=self.epoch, seed=self.seed, visit=visit)

    def generator(self, attempt: int = 0) -> np.random.Generator:
        """A counter-based generator for this sample's draws.

        Args:
            attempt: 0 for the sample itself, k for the k-th replacement of a video that cannot be used.
        """
        key = np.array([self.seed & _WORD, (self.epoch << _INDEX_BITS) + int(self)], dtype=np.uint64)
        counter = np.array([0, self.visit & _WORD, 0, attempt], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

    def _moved(self, result: Any) -> Any:
        """The same sample at another position; a result that cannot be a position stays a number."""
        return self.at(result) if isinstance(result, int) and 0 <= result < 1 << _INDEX_BITS else result

    def __add__(self, other: int) -> Any:
        return self._moved(int.__add__(self, _plain(other)))

    __radd__ = __add__

    def __sub__(self, other: int) -> Any:
        return self._moved(int.__sub__(self, _plain(other)))

    def __rsub__(self, other: int) -> Any:
        return self._moved(int.__rsub__(self, _plain(other)))

    def __mul__(self, other: int) -> Any:
        return self._moved(int.__mul__(self, _plain(other)))

    __rmul__ = __mul__

    def __mod__(self, other: int) -> Any:
        return self._moved(int.__mod__(self, _plain(other)))

    def __floordiv__(self, other: int) -> Any:
        return self._moved(int.__floordiv__(self, _plain(other)))

    def __divmod__(self, other: int) -> Any:
        return self // other, self % other


def _plain(other: Any) -> Any:
    """Convert NumPy's integers to Python's; otherwise NumPy would compute the result."""
    return int(other) if isinstance(other, np.integer) else other


def order_generator(seed: int, epoch: int) -> np.random.Generator:
    """The generator of an epoch's order; its counter differs from that of every sample."""
    key = np.array([seed & _WORD, epoch << _INDEX_BITS], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 1, 0]))
