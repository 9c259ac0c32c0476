"""The sample order of an epoch; any part of it can be computed without the rest.

Lists of fewer than `LONG` videos are shuffled by a permutation, as before this module: their order does not change,
since recorded figures and resumed runs depend on it. In longer lists each place is computed separately, by a bijection
of the places that (seed, epoch) chooses: nothing is stored, and a run that resumes in the middle of an epoch continues
there at once.

The bijection is a Feistel network on the bits of the place (Luby & Rackoff, SIAM J. Comput. 17(2), 1988), for numbers
up to the next power of two; numbers outside the list pass through it again until they are inside ("cycle walking",
Black & Rogaway, CT-RSA 2002, section 3). The generator of the epoch's order draws the round keys; each round mixes
by the finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014). It is for shuffling, not for cryptography.
"""

from collections.abc import Iterator

import numpy as np

from .sample_index import order_generator

LONG = 1 << 20
"""Videos. Lists of at least this length are shuffled by the bijection."""
BLOCK = 1 << 14
"""Places that are computed together."""
_ROUNDS = 6
_WORD = (1 << 64) - 1


def epoch_order(length: int, seed: int, epoch: int, start: int = 0, step: int = 1) -> Iterator[int]:
    """Positions in the list, at the places start, start + step, … of the epoch's order.

    Args:
        length: length of the list.
        seed, epoch: choose the order.
        start: the first place.
        step: distance between places.
    """
    order = Bijection(length, seed, epoch) if length >= LONG else order_generator(seed, epoch).permutation(length)
    for begin in range(start, length, step * BLOCK):
        yield from order[np.arange(begin, min(begin + step * BLOCK, length), step)].tolist()


def kind_of_order(length: int) -> str:
    """The kind of shuffling for a list of this length, for checkpoints: 'permutation' or 'bijection'."""
    return 'bijection' if length >= LONG else 'permutation'


class Bijection:
    """A bijection of the integers 0 to length - 1, chosen by (seed, epoch).

    Args:
        length: number of integers, at least 2.
        seed, epoch: choose the bijection.
    """

    def __init__(self, length: int, seed: int, epoch: int) -> None:
        bits = max((length - 1).bit_length(), 2)
        self._length = length
        self._low = bits // 2  # the halves differ in width if the number of bits is odd; each round changes one
        self._keys = order_generator(seed, epoch).integers(_WORD, size=_ROUNDS, dtype=np.uint64, endpoint=True)
        self._masks = (1 << self._low) - 1, (1 << bits - self._low) - 1

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        """Places (n,) int64 -> positions (n,) int64, each from 0 to length - 1."""
        found = self._once(places.astype(np.uint64))
        while len(outside := np.flatnonzero(found >= self._length)):
            found[outside] = self._once(found[outside])
        return found.astype(np.int64)

    def _once(self, places: np.ndarray) -> np.ndarray:
        """One pass of the bijection, over all numbers of this many bits."""
        low, high = places & np.uint64(self._masks[0]), places >> np.uint64(self._low)
        for low_key, high_key in self._keys.reshape(-1, 2):
            low ^= _mixed(high + low_key) & np.uint64(self._masks[0])
            high ^= _mixed(low + high_key) & np.uint64(self._masks[1])
        return high << np.uint64(self._low) | low


def _mixed(words: np.ndarray) -> np.ndarray:
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)
