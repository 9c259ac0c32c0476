"""Divides frames into runs that are read together: bounded memory, and little decoded twice."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


def runs_of_frames(first: int, end: int, keyframes: npt.NDArray[np.integer], longest: int) -> Iterator[range]:
    """Consecutive ranges that cover ``first`` to ``end - 1``, each of at most ``longest`` frames.

    A range ends before a key frame if one lies in its second half, so that the next range begins with it.

    Args:
        first, end: display indices.
        keyframes: display indices, sorted.
        longest: at least 1.
    """
    while first < end:
        last = min(first + longest, end)
        if last < end:
            inside = keyframes[(keyframes > first + longest // 2) & (keyframes <= last)]
            last = int(inside[-1]) if len(inside) else last
        yield range(first, last)
        first = last
