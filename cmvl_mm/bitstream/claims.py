"""Facts about a frame's motion vectors from the stream's headers: whether they are real, of which list, and where.

docs/vectors.md lists what FFmpeg provides for each codec.
"""

from enum import IntEnum
from typing import NamedTuple

I_FRAME = 'an I-frame has no vectors'
SPRITE = 'the frame may move as a whole (global motion compensation), and FFmpeg exports only rounded means of that'
B_FRAME = 'FFmpeg exports no vectors for B-frames of {codec}'
B_BITS = 'FFmpeg exports no vectors for B-frames of {codec}, and the bits cannot be read: {error}'
NO_RECORDS = 'FFmpeg exports no vectors: no block is predicted, or nothing is coded'
NOTHING_REAL = 'no block has a vector to the past that FFmpeg really provides'
NO_FUTURE = 'no block has a vector to the future that FFmpeg really provides'
PAST = 'the frame refers only to pictures displayed before it'
NO_DISTANCE = 'the distance to the reference is unknown'
NO_REFERENCE = 'the frame that the vectors refer to is unknown'
NO_KINDS = 'the frame is interlaced, and FFmpeg does not export which macroblocks are fields'
FIELDS = 'the frame refers to fields, and FFmpeg does not export to which lines of them'
MIXED = 'the frame refers to pictures displayed before and after it, and FFmpeg does not export to which'
FUTURE = 'the frame refers only to pictures displayed after it'
OTHER_LAYER = 'headers change after the frame, and FFmpeg exports its vectors in the units of the new headers'
UNKNOWN = 'the references of the frame are unknown: headers are missing, damaged or numbered with gaps'


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
