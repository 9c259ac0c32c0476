"""Checks of the frames that a read requests from an open file, before anything is decoded."""

from collections.abc import Mapping, Sequence, Set

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import SettingFault, about, shown, whole
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import FrameIndexError

Indices = Sequence[int] | npt.NDArray[np.integer]


def rows_of(decoder: FrameDecoder, frames: Indices) -> dict[int, list[int]]:
    """Map each requested display index, in sorted order, to the rows of the result that request it.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
        SettingError: ``frames`` is not a sequence of whole numbers.
    """
    rows: dict[int, list[int]] = {}
    num_frames = decoder.num_frames if count_of(decoder.path, frames) else 0
    with about(decoder.path, 'index'):
        for row, index in enumerate(frames):
            number = whole('a display index', index)
            if not 0 <= number < num_frames:
                raise FrameIndexError(
                    decoder.path, 'index', f'frame {number} is outside the video of {num_frames} frames'
                )
            rows.setdefault(number, []).append(row)
    return dict(sorted(rows.items()))


def count_of(path: str, frames: Indices) -> int:
    """The number of requested frames.

    Raises:
        SettingError: ``frames`` is not a sequence. Sets and dicts have no order of their own.
    """
    with about(path, 'index'):
        try:
            if isinstance(frames, Set | Mapping | str | bytes | bytearray):
                raise TypeError
            return len(frames)
        except TypeError:
            reason = f'the display indices have type {type(frames).__name__}: {shown(frames)}'
            raise SettingFault(reason, 'Give a list, a range or an array') from None


def numbers_of(part: slice, num_frames: int) -> range:
    """The display indices of a slice. Raises SettingFault if its parts are not whole numbers."""
    start, stop, step = (
        None if value is None else whole(f'the {name} of a slice', value)
        for name, value in (('start', part.start), ('stop', part.stop), ('step', part.step))
    )
    return range(*slice(start, stop, step).indices(num_frames))


def is_prepared(decoder: FrameDecoder) -> bool:
    """Whether `cmvl_mm.video.encode.reencode` wrote the file: MPEG-4 Part 2 without B-frames."""
    index = decoder.index if decoder.is_regular else None
    return index is not None and index.from_header
