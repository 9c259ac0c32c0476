"""Types of macroblocks, from FFmpeg's debug output: vectors do not tell fields from frames."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import av.logging
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

DEBUG = {'debug': 'mb_type'}
"""Decoder option that writes a table of macroblocks for every frame that comes out."""

_TABLE = 'New frame, type:'
_SIZE = 16  # px
_CHARACTERS = 3  # per macroblock: type, partition, '=' for a field


class Kinds(NamedTuple):
    """Types of the macroblocks of one frame, (rows, columns)."""

    field: npt.NDArray[np.bool_]
    """Whether it is predicted from fields, in field lines; the upper macroblock of a pair belongs to the top field."""
    skipped: npt.NDArray[np.bool_]
    """Whether nothing is coded for it, not even its reference, which is then the first of list 0."""


class Mark(NamedTuple):
    """What a frame carries as ``opaque`` if it comes from `listening_decode`."""

    origin: Any
    """The packet's own ``opaque``, if the decoder copies it."""
    kinds: Kinds | None
    """None if FFmpeg wrote no table."""


def kinds_of(frame: VideoFrame) -> Kinds | None:
    """The types of a frame from `listening_decode`; None for other frames."""
    return frame.opaque.kinds if isinstance(frame.opaque, Mark) else None


def origin_of(frame: VideoFrame) -> Any:
    """The ``opaque`` of the packet that a frame comes from, whatever decoded it."""
    return frame.opaque.origin if isinstance(frame.opaque, Mark) else frame.opaque


def listening_decode(context: VideoCodecContext) -> Callable[[Any], list[VideoFrame]]:
    """A wrapper of ``context.decode`` whose frames carry their `Mark` as ``opaque``.

    The context needs the options `DEBUG`.  FFmpeg's log level is global, so it is raised for the time of each call.
    """

    def decode(packet: Any) -> list[VideoFrame]:
        level = av.logging.get_level()
        av.logging.set_level(av.logging.DEBUG)
        try:
            with av.logging.Capture() as log:
                frames = context.decode(packet)
        finally:
            av.logging.set_level(level)
        tables = _tables([message for _, _, message in log])
        for number, frame in enumerate(frames):
            rows = tables[number] if len(tables) == len(frames) else []
            frame.opaque = Mark(frame.opaque, parse_table(rows, -(-frame.width // _SIZE)))
        return frames

    return decode


def _tables(messages: Sequence[str]) -> list[list[str]]:
    """The lines of each table, without its title and header."""
    starts = [number for number, message in enumerate(messages) if message.startswith(_TABLE)]
    ends = [*starts[1:], len(messages)]
    return [list(messages[start + 2 : end]) for start, end in zip(starts, ends, strict=False)]


def parse_table(lines: Sequence[str], least_columns: int) -> Kinds | None:
    """Parse the table of one frame; None if a line is incomplete.

    Args:
        lines: lines of the table, each starting with the macroblocks' distance from the top in pixels; more may follow.
        least_columns: fewest macroblocks in a complete line; cropping may hide more.
    """
    rows: list[str] = []
    for number, line in enumerate(lines):
        label, _, row = line.rstrip('\n').lstrip(' ').partition(' ')
        if label != str(number * _SIZE):
            break
        rows.append(row)
    if not rows or len({len(row) for row in rows}) > 1 or len(rows[0]) % _CHARACTERS:
        return None
    if len(rows[0]) < least_columns * _CHARACTERS:
        return None
    cells = np.array([list(row) for row in rows]).reshape(len(rows), -1, _CHARACTERS)
    return Kinds(field=cells[:, :, 2] == '=', skipped=cells[:, :, 0] == 'S')
