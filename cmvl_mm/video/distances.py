"""How many frames lie between a frame and the picture that its vectors refer to, where that can be known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType

BY_TYPE = frozenset({'mpeg1video', 'mpeg2video', 'mpeg4'})
"""Codecs whose P-frames refer to the reference frame before them, and B-frames to those on both sides."""

_WITHOUT = {int(PictureType.I), int(PictureType.BI), int(PictureType.NONE)}


class Distances(NamedTuple):
    """Of one frame: its display index less that of the reference."""

    past: int | None
    """Above 0; None where it is not one picture, or not known which."""
    future: int | None
    """Below 0; likewise."""


def by_types(types: npt.NDArray[np.integer]) -> Sequence[Distances]:
    """Of all frames of a stream of such a codec (ISO/IEC 11172-2, 2.4.4; 14496-2, 7.6), given their types."""
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
