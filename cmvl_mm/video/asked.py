"""What the readers of accumulated motion, residuals and costs ask of an open video."""

import operator

from cmvl_mm.video.errors import FrameIndexError
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.stream import CompressedVideo, Indices


def rows_of(video: CompressedVideo, frames: Indices) -> dict[int, list[int]]:
    """Display index, sorted -> the rows of the result that ask for it.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
    """
    rows: dict[int, list[int]] = {}
    num_frames = video.num_frames if len(frames) else 0
    for row, index in enumerate(frames):
        number = operator.index(index)
        if not 0 <= number < num_frames:
            raise FrameIndexError(video.path, 'index', f'frame {number} of a video of {num_frames} frames')
        rows.setdefault(number, []).append(row)
    return dict(sorted(rows.items()))


def is_prepared(video: CompressedVideo) -> bool:
    """Whether the file is as `cmvl_mm.video.encode.reencode` wrote it: MPEG-4 Part 2 without B-frames."""
    index = video._decoder.index if video._decoder.is_regular else None
    return index is not None and index.from_header


def new_reader(video: CompressedVideo) -> StreamReader:
    """Another reader of the same file: frames may be on their way out of the video's own."""
    return StreamReader(video._source)
