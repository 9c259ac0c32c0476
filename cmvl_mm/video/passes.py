"""What is decoded in which way, so that each GOP of a proven-regular stream costs as little as possible."""

from collections.abc import Set
from itertools import groupby
from typing import NamedTuple

from av.video.frame import VideoFrame

from cmvl_mm.video.decoder_options import Decoding
from cmvl_mm.video.index import PacketIndex

WORTH_A_READER = 64  # frames decoded for vectors alone: fewer do not win back what opening the file again costs


# A GOP is decoded twice if it has this many frames, and so many more for each that is decoded in full.
_LONG, _DEAR = 60, 4


class Asked(NamedTuple):
    """A frame that comes out of a pass, and what it is to be used for."""

    number: int
    """Display index."""
    frame: VideoFrame | None
    """None: an I-frame of which only vectors were asked for; it has none and is not decoded."""
    rgb: bool
    motion: bool


class Pass(NamedTuple):
    """One way through the file."""

    decoding: Decoding
    rgb: frozenset[int]
    """Display indices of the frames that it gives as pixels; of none where it decodes vectors alone."""
    motion: frozenset[int]


def plan_passes(index: PacketIndex, rgb: Set[int], motion: Set[int]) -> list[Pass]:
    """For a codec whose vectors are cheaper to decode alone.

    A GOP is decoded once: in full if any of its pixels are wanted. A second pass for the vectors pays only where it is
    long, and pixels are wanted of its first frames alone: in H.264 an I-frame, which both decode, can cost ten times
    what a P-frame does.
    """
    full: list[int] = []
    alone: list[int] = []
    decoded_for_vectors = 0
    for first, group in groupby(sorted(rgb | motion), key=index.first_of_gop.__getitem__):
        numbers = list(group)
        last = max((number for number in numbers if number in rgb), default=first - 1)
        in_full, in_all = last - first + 1, numbers[-1] - first + 1
        moving = [number for number in numbers if number in motion]
        if moving and (not in_full or in_all >= _LONG + _DEAR * in_full):
            alone += moving
            decoded_for_vectors += in_all
        else:
            full += numbers
    if decoded_for_vectors < WORTH_A_READER:
        return [Pass('pixels', frozenset(rgb), frozenset(motion))]
    passes = [Pass('pixels', frozenset(rgb), frozenset(full) & motion), Pass('vectors', frozenset(), frozenset(alone))]
    return [each for each in passes if each.rgb or each.motion]
