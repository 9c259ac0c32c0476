"""A sample's identity: (seed, epoch, index), and the random generator that depends on nothing else."""

from typing import Self

import numpy as np

_INDEX_BITS = 40


class SampleIndex(int):
    """A position in a dataset that also knows its epoch and the run's seed.

    It is an `int`, so every dataset takes it, and it travels through a data loader's queue, so workers that
    outlive an epoch know which one they are in. A plain integer means epoch 0 and seed 0.
    """

    epoch: int
    seed: int

    def __new__(cls, index: int, *, epoch: int = 0, seed: int = 0) -> Self:
        if not 0 <= index < 1 << _INDEX_BITS:
            raise IndexError(f'sample index {index} is outside 0 ... 2**{_INDEX_BITS} - 1')
        self = super().__new__(cls, index)
        self.epoch = epoch
        self.seed = seed
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[int], dict[str, int]]:
        """For the queue of a data loader."""
        return (int(self),), dict(epoch=self.epoch, seed=self.seed)

    @classmethod
    def of(cls, index: int) -> Self:
        """The index itself, or epoch 0 and seed 0 for a plain integer."""
        return index if isinstance(index, cls) else cls(index)

    def generator(self, attempt: int = 0) -> np.random.Generator:
        """A counter-based generator for this sample's draws.

        Args:
            attempt: 0 for the sample itself, k for the k-th stand-in of a video that cannot be used.
        """
        key = np.array([self.seed, (self.epoch << _INDEX_BITS) + int(self)], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, attempt]))


def order_generator(seed: int, epoch: int) -> np.random.Generator:
    """The generator of an epoch's order; its counter keeps it apart from every sample's."""
    key = np.array([seed, epoch << _INDEX_BITS], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 1, 0]))
