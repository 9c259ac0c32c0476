"""The order of an epoch, any part of which can be told without the rest.

Lists of fewer than `LONG` videos are shuffled by a permutation, as runs before this module were: their order, on which
recorded figures and resumed runs depend, stays what it is. In longer lists each place is computed by itself, by a
bijection of the places that (seed, epoch) chooses: nothing is held, and a run that resumes in the middle of an epoch
begins there at once.

The bijection is a Feistel network on the bits of the place (Luby & Rackoff, SIAM J. Comput. 17(2), 1988), for numbers
up to the next power of two; what falls outside the list goes through it again until it falls inside ("cycle walking",
Black & Rogaway, CT-RSA 2002, section 3). Round keys are drawn by the generator of the epoch's order; each round mixes
by the finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014). It is for shuffling, not for secrets.
"""

from collections.abc import Iterator

import numpy as np

from .sample_index import order_generator

LONG = 1 << 20
"""Videos. A list that has as many is shuffled by the bijection."""
BLOCK = 1 << 14
"""Places that are computed together."""
_ROUNDS = 6
_WORD = (1 << 64) - 1


def epoch_order(length: int, seed: int, epoch: int, start: int = 0, step: int = 1) -> Iterator[int]:
    """Positions in the list, at the places start, start + step, … of the epoch's order.

    Args:
        length: of the list.
        seed, epoch: choose the order.
        start: the first place.
        step: between places.
    """
    order = Bijection(length, seed, epoch) if length >= LONG else order_generator(seed, epoch).permutation(length)
    for begin in range(start, length, step * BLOCK):
        yield from order[np.arange(begin, min(begin + step * BLOCK, length), step)].tolist()


def kind_of_order(length: int) -> str:
    """How a list of this length is shuffled, for checkpoints: 'permutation' or 'bijection'."""
    return 'bijection' if length >= LONG else 'permutation'


class Bijection:
    """A bijection of the integers 0 to length - 1, chosen by (seed, epoch).

    Args:
        length: at least 2.
        seed, epoch: choose it.
    """

    def __init__(self, length: int, seed: int, epoch: int) -> None:
        bits = max((length - 1).bit_length(), 2)
        self._length = length
        self._low = bits // 2  # the halves are of unlike width where the bits are odd; each round changes one
        self._keys = order_generator(seed, epoch).integers(_WORD, size=_ROUNDS, dtype=np.uint64, endpoint=True)
        self._masks = (1 << self._low) - 1, (1 << bits - self._low) - 1

    def __getitem__(self, places: np.ndarray) -> np.ndarray:
        """(n,) int64 -> (n,) int64, each from 0 to length - 1."""
        found = self._once(places.astype(np.uint64))
        while len(outside := np.flatnonzero(found >= self._length)):
            found[outside] = self._once(found[outside])
        return found.astype(np.int64)

    def _once(self, places: np.ndarray) -> np.ndarray:
        """A bijection of the numbers with so many bits."""
        low, high = places & np.uint64(self._masks[0]), places >> np.uint64(self._low)
        for low_key, high_key in self._keys.reshape(-1, 2):
            low ^= _mixed(high + low_key) & np.uint64(self._masks[0])
            high ^= _mixed(low + high_key) & np.uint64(self._masks[1])
        return high << np.uint64(self._low) | low


def _mixed(words: np.ndarray) -> np.ndarray:
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)
