"""What reads ask of an open file, before anything is decoded."""

import operator
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import FrameIndexError

Indices = Sequence[int] | npt.NDArray[np.integer]


def rows_of(decoder: FrameDecoder, frames: Indices) -> dict[int, list[int]]:
    """Display index, sorted -> the rows of the result that ask for it.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
    """
    rows: dict[int, list[int]] = {}
    num_frames = decoder.num_frames if len(frames) else 0
    for row, index in enumerate(frames):
        number = operator.index(index)
        if not 0 <= number < num_frames:
            raise FrameIndexError(decoder.path, 'index', f'frame {number} of a video of {num_frames} frames')
        rows.setdefault(number, []).append(row)
    return dict(sorted(rows.items()))


def is_prepared(decoder: FrameDecoder) -> bool:
    """Whether the file is as `cmvl_mm.video.encode.reencode` wrote it: MPEG-4 Part 2 without B-frames."""
    index = decoder.index if decoder.is_regular else None
    return index is not None and index.from_header
