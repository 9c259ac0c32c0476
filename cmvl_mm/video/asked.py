"""What reads ask of an open file, before anything is decoded."""

from collections.abc import Sequence, Sized

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import FrameIndexError, SettingError
from cmvl_mm.video.settings import whole_number

Indices = Sequence[int] | npt.NDArray[np.integer]


def rows_of(decoder: FrameDecoder, frames: Indices) -> dict[int, list[int]]:
    """Display index, sorted -> the rows of the result that ask for it.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
        SettingError: ``frames`` is no sequence of whole numbers.
    """
    rows: dict[int, list[int]] = {}
    num_frames = decoder.num_frames if count_of(decoder.path, frames) else 0
    for row, index in enumerate(frames):
        number = whole_number(decoder.path, 'index', 'a display index', index)
        if not 0 <= number < num_frames:
            raise FrameIndexError(decoder.path, 'index', f'frame {number} of a video of {num_frames} frames')
        rows.setdefault(number, []).append(row)
    return dict(sorted(rows.items()))


def count_of(path: str, frames: Indices) -> int:
    """How many frames are asked for; SettingError for what is no sequence."""
    if not isinstance(frames, Sized):
        reason = f'display indices are asked for by {type(frames).__name__}'
        raise SettingError(path, 'index', reason, 'Give a list, a range or an array of them')
    return len(frames)


def is_prepared(decoder: FrameDecoder) -> bool:
    """Whether the file is as `cmvl_mm.video.encode.reencode` wrote it: MPEG-4 Part 2 without B-frames."""
    index = decoder.index if decoder.is_regular else None
    return index is not None and index.from_header
