"""A video in segments that decode by themselves, and segments in parts that belong to one batch each."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SHORTEST = 64  # frames: a segment begins with a seek, whose cost is spread over them


class Segment(NamedTuple):
    """Frames that are decoded together."""

    wanted: range
    """Display indices."""
    end: int | None
    """The key frame before which decoding ends; None: decoding continues until the last wanted frame has come."""


def segments_of(wanted: range, starts: Sequence[int], num_frames: int) -> Iterator[Segment]:
    """The frames that are wanted, segment by segment; each begins with the key frame that its first frame needs.

    Args:
        wanted: display indices, ascending.
        starts: display indices of the key frames, sorted: nothing after one needs what is before it, nor the reverse.
        num_frames: of the video.
    """
    position = 0
    ends = [*starts[1:], num_frames]
    while position < len(wanted):
        first = wanted[position]
        # The segment's own GOP, and those after it until it is long enough.
        own = bisect_left(ends, first + 1)
        begin = starts[own]
        last = min(bisect_left(ends, begin + SHORTEST), len(ends) - 1)
        end = ends[max(own, last)]
        stop = bisect_left(wanted, end)
        yield Segment(wanted[position:stop], end)
        position = stop


def parts_of(wanted: range, segment: range, batch: int) -> Iterator[range]:
    """A segment, cut where batches of the whole end."""
    position = wanted.index(segment[0])
    end = position + len(segment)
    while position < end:
        stop = min((position // batch + 1) * batch, end)
        yield wanted[position:stop]
        position = stop
