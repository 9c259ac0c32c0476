"""Divides a video into segments that decode independently, and segments into parts that belong to one batch each."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SHORTEST = 64  # frames: spreads the cost of the seek that starts a segment


class Segment(NamedTuple):
    """Frames that are decoded together."""

    wanted: range
    """Display indices."""
    end: int | None
    """The key frame before which decoding ends; None: decoding continues until the last wanted frame has come out."""


def segments_of(wanted: range, starts: Sequence[int], num_frames: int) -> Iterator[Segment]:
    """Divide the wanted frames into segments; each starts decoding at the key frame that its first frame needs.

    Args:
        wanted: display indices, ascending.
        starts: sorted display indices of the key frames where no frame after depends on one before, nor the reverse.
        num_frames: number of frames in the video.
    """
    position = 0
    ends = [*starts[1:], num_frames]
    while position < len(wanted):
        first = wanted[position]
        # The GOP of the first frame, and the following ones until the segment is long enough.
        own = bisect_left(ends, first + 1)
        begin = starts[own]
        last = min(bisect_left(ends, begin + SHORTEST), len(ends) - 1)
        end = ends[max(own, last)]
        stop = bisect_left(wanted, end)
        yield Segment(wanted[position:stop], end)
        position = stop


def parts_of(wanted: range, segment: range, batch: int) -> Iterator[range]:
    """Cut a segment where the batches of the whole end."""
    position = wanted.index(segment[0])
    end = position + len(segment)
    while position < end:
        stop = min((position // batch + 1) * batch, end)
        yield wanted[position:stop]
        position = stop
