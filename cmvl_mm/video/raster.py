"""FFmpeg's motion-vector records -> vectors on a regular grid, for many frames at once.

Legend: n frames, m records in all of them, Hb x Wb cells of ``block`` x ``block`` pixels.  Painting a group of frames
together spreads NumPy's cost per call over all of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.columns import RECORD, Columns, columns_of
from cmvl_mm.video.motion import QUARTERS, grid_shape
from cmvl_mm.video.paint_aligned import paint_aligned
from cmvl_mm.video.paint_by_area import paint_by_area

_LONGEST = np.iinfo(np.int16).max  # quarter pixels

Selection = Callable[[Columns, npt.NDArray[np.int32]], npt.NDArray[np.bool_]]
"""m records, and (m,) the frame of each -> (m,) whether it counts."""


def rasterise(
    frames: Sequence[Any],
    height: int,
    width: int,
    block: int,
    select: Selection | None = None,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """Paint the motion vectors of n frames on a regular grid.

    Args:
        frames: records of each frame: (m,) of `RECORD`, or a buffer of their bytes; empty if it has none.
        height: height of the frames in pixels.
        width: width of the frames in pixels.
        block: edge of a grid cell in pixels.
        select: filters out records that are not real; see `cmvl_mm.video.records`.

    Returns:
        ``vectors`` int16 (n, Hb, Wb, 2), (dx, dy) in quarter pixels, dst - src, and ``valid`` bool (n, Hb, Wb).  A
        cell that several blocks share holds their mean, weighted by the area inside the frame that each covers in it;
        the part of a cell without any vector does not count.  Vectors of list 1 are left out.

    Raises:
        ValueError: a record has no scale, or a vector does not fit int16 (8191 px).
    """
    parts = [memoryview(frame).cast('B') if not isinstance(frame, np.ndarray) else frame.tobytes() for frame in frames]
    records = np.frombuffer(parts[0] if len(parts) == 1 else b''.join(parts), RECORD)
    frame = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) // RECORD.itemsize for part in parts])
    blocks = columns_of(records)
    past = blocks.past if select is None else select(blocks, frame)
    if not past.all():
        chosen = np.flatnonzero(past)
        blocks, frame = blocks.of(chosen), frame.take(chosen)
    shape = len(parts), *grid_shape(height, width, block)
    if not len(frame):
        return np.zeros((*shape, 2), np.int16), np.zeros(shape, np.bool_)
    quarters = _quarter_pixels(blocks)
    painted = paint_aligned(frame, blocks, quarters, shape, block)
    return painted or paint_by_area(frame, blocks, quarters, shape, (height, width, block))


def _quarter_pixels(blocks: Columns) -> npt.NDArray[Any]:
    """(m, 2): displacement dst - src in quarter pixels; its sign is opposite to FFmpeg's motion.

    The type is int16, or float64 if the scales are not one common divisor of 4, which no known codec uses.
    """
    scale, motion = blocks.scale, blocks.motion
    least, most = int(scale.min()), int(scale.max())
    if not least:
        raise ValueError('a motion vector has no scale')
    if least < most or QUARTERS % least:
        exact = motion * (-QUARTERS / scale)[:, None]
        _check_length(float(np.abs(exact).max()))
        return exact
    steps = QUARTERS // least
    _check_length(steps * max(int(motion.max()), -int(motion.min())))
    quarters = motion.astype(np.int16)  # the values fit, by the check before
    quarters *= np.int16(-steps)
    return quarters


def _check_length(longest: float) -> None:
    if longest > _LONGEST:
        raise ValueError(f'a motion vector of {longest / QUARTERS:.0f} px is too long for the grid')
