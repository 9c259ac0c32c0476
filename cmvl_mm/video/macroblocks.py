"""What kind of macroblock each is, from FFmpeg's debug output: vectors do not tell fields from frames."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import av.logging
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

DEBUG = {'debug': 'mb_type'}
"""The decoder's option that makes it write a table of macroblocks for every frame that comes out."""

_TABLE = 'New frame, type:'
_SIZE = 16  # px
_CHARACTERS = 3  # a macroblock: type, partition, '=' for a field


class Kinds(NamedTuple):
    """(rows, columns) of macroblocks."""

    field: npt.NDArray[np.bool_]
    """Predicted from fields, in lines of fields; of a pair, the upper one is the top field's."""
    skipped: npt.NDArray[np.bool_]
    """Nothing is coded for it, not even which reference it has: that is the first of list 0."""


class Mark(NamedTuple):
    """What a frame carries as ``opaque`` where the decoder is listened to."""

    origin: Any
    """What it would carry else: the packet's ``opaque``, if the decoder copies that."""
    kinds: Kinds | None
    """None where FFmpeg wrote no table."""


def kinds_of(frame: VideoFrame) -> Kinds | None:
    """Of a frame by `listening_decode`; None of others."""
    return frame.opaque.kinds if isinstance(frame.opaque, Mark) else None


def origin_of(frame: VideoFrame) -> Any:
    """What the packet carried that a frame comes from, however it was decoded."""
    return frame.opaque.origin if isinstance(frame.opaque, Mark) else frame.opaque


def listening_decode(context: VideoCodecContext) -> Callable[[Any], list[VideoFrame]]:
    """``context.decode``, whose frames carry their `Mark` as ``opaque``.

    The context needs the options `DEBUG`.  FFmpeg's log level is global: it is raised for the time of a call.
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
    """The lines of each table, without its title and its head."""
    starts = [number for number, message in enumerate(messages) if message.startswith(_TABLE)]
    ends = [*starts[1:], len(messages)]
    return [list(messages[start + 2 : end]) for start, end in zip(starts, ends, strict=False)]


def parse_table(lines: Sequence[str], least_columns: int) -> Kinds | None:
    """One frame's kinds; None where a line is not whole.

    Args:
        lines: of the table, each with the macroblocks' distance from the top in pixels before them; others may follow.
        least_columns: macroblocks across that a whole line has at least; cropping may hide more.
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
