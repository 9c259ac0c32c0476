"""Plans how to decode each GOP of a proven-regular stream at the lowest cost."""

from collections.abc import Set
from itertools import groupby
from typing import NamedTuple

from av.video.frame import VideoFrame

from cmvl_mm.video.decoder_options import Decoding
from cmvl_mm.video.index import PacketIndex

WORTH_A_READER = 64  # frames decoded for vectors alone: below this, reopening the file costs more than it saves


# A GOP is decoded twice if it has this many frames, plus so many for each frame that is decoded in full.
_LONG, _DEAR = 60, 4


class Asked(NamedTuple):
    """A frame that comes out of a pass, and its use."""

    number: int
    """Display index."""
    frame: VideoFrame | None
    """None for an I-frame that was requested for vectors only: it has none and is not decoded."""
    rgb: bool
    motion: bool


class Pass(NamedTuple):
    """One pass through the file."""

    decoding: Decoding
    rgb: frozenset[int]
    """Display indices of the frames that the pass gives as pixels; empty if it decodes vectors alone."""
    motion: frozenset[int]


def plan_passes(index: PacketIndex, rgb: Set[int], motion: Set[int]) -> list[Pass]:
    """Plan for a codec whose vectors are cheaper to decode without pixels.

    A GOP is decoded once, in full if any of its pixels are wanted. A second pass for the vectors pays only if the GOP
    is long and pixels are wanted of its first frames only: in H.264 an I-frame, which both passes decode, can cost ten
    times as much as a P-frame.
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
