"""What the headers of a stream tell about a frame's motion vectors: whether they are real, of which list, and where.

docs/vectors.md lists what FFmpeg provides of each codec.
"""

from enum import IntEnum
from typing import NamedTuple

I_FRAME = 'an I-frame has no vectors'
SPRITE = 'it may move as a whole (global motion compensation), of which FFmpeg gives rounded means'
B_FRAME = 'FFmpeg gives none for B-frames of {codec}'
B_BITS = 'FFmpeg gives none for B-frames of {codec}, and its bits cannot be read: {error}'
NO_RECORDS = 'FFmpeg gives none: no block is predicted, or nothing is coded'
NOTHING_REAL = 'no block has a vector to the past, or none that FFmpeg really provides'
NO_FUTURE = 'no block has a vector to the future, or none that FFmpeg really provides'
PAST = 'it refers only to pictures displayed before it'
NO_DISTANCE = 'it cannot be told how many frames away its reference is'
NO_REFERENCE = 'it cannot be told which frame its vectors refer to'
NO_KINDS = 'interlaced, and FFmpeg does not tell which macroblocks are fields'
FIELDS = 'it refers to fields, and the records do not tell to which lines of them'
MIXED = 'it refers to pictures displayed before and after it, and the records do not tell which is meant'
FUTURE = 'it refers only to pictures displayed after it'
OTHER_LAYER = 'headers change behind it, and FFmpeg gives its vectors in the units of the new ones'
UNKNOWN = 'it cannot be told what it refers to: headers are missing, damaged or numbered with gaps'


class Trust(IntEnum):
    """Which field macroblocks of a frame surely refer to fields of their own parity."""

    NONE = 0
    SKIPPED = 1
    ALL = 2


class Claim(NamedTuple):
    """What the vectors of one frame are worth."""

    missing: str | None = None
    """Why the frame has none; None where it has some."""
    past_list: int = 0
    """The list whose pictures are displayed before the frame."""
    future_list: int | None = None
    """The list whose pictures are displayed after the frame; None where none is known to be that."""
    left: int = 0
    top: int = 0
    """px cut off the coded picture, whose coordinates the records have."""
    interlaced: bool = False
    """Macroblocks may be fields."""
    trust: Trust = Trust.NONE


class Claims(NamedTuple):
    """Of all packets of a stream."""

    in_stream: list[Claim]
    """In decoding order."""
    by_display: list[int] | None
    """Numbers of those packets that bring a frame, in the order of display; None where headers do not tell."""
    distances: list[tuple[int | None, int | None]] | None = None
    """Of each packet's lists 0 and 1: by how many frames the picture that the whole list names is displayed before the
    packet's, below 0 for later ones; None for a list that names several, or none that is known."""
    first: list[tuple[int | None, int | None]] | None = None
    """Likewise, of the picture that a list names first, whatever else it names; None where slices differ."""
