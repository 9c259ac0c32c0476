"""Number of frames between a frame and the picture that its vectors refer to, where it can be known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType

BY_TYPE = frozenset({'mpeg1video', 'mpeg2video', 'mpeg4'})
"""Codecs whose P-frames refer to the last reference frame, and whose B-frames refer to those on both sides."""

_WITHOUT = {int(PictureType.I), int(PictureType.BI), int(PictureType.NONE)}


class Distances(NamedTuple):
    """Distances of one frame: its display index minus that of the reference."""

    past: int | None
    """Above 0; None if there are several such pictures, or it is not known which one."""
    future: int | None
    """Below 0; None likewise."""


def by_types(types: npt.NDArray[np.integer]) -> Sequence[Distances]:
    """Distances of all frames of such a codec's stream (ISO/IEC 11172-2, 2.4.4; 14496-2, 7.6), from their types."""
    found = []
    references = np.flatnonzero(types != int(PictureType.B))
    for number, kind in enumerate(types.tolist()):
        place = int(np.searchsorted(references, number))
        before = number - int(references[place - 1]) if place else None
        if kind in _WITHOUT:
            found.append(Distances(None, None))
        elif kind == PictureType.B:
            after = number - int(references[place]) if place < len(references) else None
            found.append(Distances(before, after))
        else:
            found.append(Distances(before, None))
    return found
