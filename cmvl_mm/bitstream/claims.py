"""Facts about a frame's motion vectors from the stream's headers: whether they are real, of which list, and where.

docs/vectors.md lists what FFmpeg provides for each codec.
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
    """Which field macroblocks of a frame are certain to refer to fields of their own parity."""

    NONE = 0
    SKIPPED = 1
    ALL = 2


class Claim(NamedTuple):
    """How the vectors of one frame may be used."""

    missing: str | None = None
    """Why the frame has no usable vectors; None if it has some."""
    past_list: int = 0
    """The list whose pictures are displayed before the frame."""
    future_list: int | None = None
    """The list whose pictures are displayed after the frame; None if no list is known to be that."""
    left: int = 0
    top: int = 0
    """Pixels cropped off the coded picture, in whose coordinates the records are."""
    interlaced: bool = False
    """Whether macroblocks may be field macroblocks."""
    trust: Trust = Trust.NONE


class Claims(NamedTuple):
    """Claims of all packets of a stream."""

    in_stream: list[Claim]
    """Claim of each packet, in decoding order."""
    by_display: list[int] | None
    """Numbers of the packets that give a frame, in display order; None if the headers do not tell."""
    distances: list[tuple[int | None, int | None]] | None = None
    """For lists 0 and 1 of each packet: by how many frames the picture that the whole list names is displayed before
    the packet's, below 0 for later ones; None if the list names several pictures, or an unknown one."""
    first: list[tuple[int | None, int | None]] | None = None
    """Likewise for the first picture that a list names, whatever else it names; None if slices differ."""
