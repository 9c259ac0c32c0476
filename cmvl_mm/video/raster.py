"""FFmpeg's motion-vector records -> vectors on a regular grid, many frames at once.

Legend: n frames, m records of all of them, Hb x Wb cells of ``block`` x ``block`` pixels.  Painting a group of frames
in one go spreads NumPy's cost per call over all of them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import QUARTERS, grid_shape

RECORD = np.dtype(
    [
        ('source', '<i4'),
        ('w', 'u1'),
        ('h', 'u1'),
        ('src_x', '<i2'),
        ('src_y', '<i2'),
        ('dst_x', '<i2'),
        ('dst_y', '<i2'),
        ('flags', '<u8'),
        ('motion_x', '<i4'),
        ('motion_y', '<i4'),
        ('motion_scale', '<u2'),
    ],
    align=True,
)
"""FFmpeg's ``AVMotionVector``, 40 bytes with its padding.

``source`` below 0: the reference is of list 0, as a rule in the past; ``w``, ``h``, ``dst_x``, ``dst_y``: block size
and block centre in pixels; the block came from ``dst + motion / motion_scale``.
"""

_LONGEST = np.iinfo(np.int16).max  # quarter pixels
_MACROBLOCK = 16  # px
_NO_VECTOR = np.iinfo(np.int32).min  # as dx and dy of int16: (0, -32768), which is longer than any


Selection = Callable[[npt.NDArray[np.void], npt.NDArray[np.int32], npt.NDArray[np.bool_]], npt.NDArray[np.bool_]]
"""(m,) records, (m,) the frame of each and (m,) whether it is of list 0 -> (m,) whether it counts."""


def rasterise(
    frames: Sequence[Any],
    height: int,
    width: int,
    block: int,
    select: Selection | None = None,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """Paint the motion vectors of n frames on a regular grid.

    Args:
        frames: for each frame its records: (m,) of `RECORD`, or a buffer of their bytes; empty where it has none.
        height: of the frames, px.
        width: of the frames, px.
        block: edge of a grid cell, px.
        select: leaves out records that are not real; see `cmvl_mm.video.records`.

    Returns:
        ``vectors`` int16 (n, Hb, Wb, 2), (dx, dy) in quarter pixels, dst - src, and ``valid`` bool (n, Hb, Wb).  A
        cell that several blocks share holds their mean, weighted by the area they cover of it inside the
        frame; the part of a cell without any vector does not count.  Vectors of list 1 are left out.

    Raises:
        ValueError: if a record has no scale, or a vector does not fit int16 (8191 px).
    """
    parts = [memoryview(frame).cast('B') if not isinstance(frame, np.ndarray) else frame.tobytes() for frame in frames]
    records = np.frombuffer(parts[0] if len(parts) == 1 else b''.join(parts), RECORD)
    frame = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) // RECORD.itemsize for part in parts])
    past = records['source'] < 0
    if select is not None:
        past = select(records, frame, past)
    if not past.all():
        records, frame = records[past], frame[past]
    shape = len(parts), *grid_shape(height, width, block)
    if not len(records):
        return np.zeros((*shape, 2), np.int16), np.zeros(shape, np.bool_)
    quarters = _quarter_pixels(records)
    painted = _paint_aligned(frame, records, quarters, shape, block)
    return painted or _paint_by_area(frame, records, quarters, shape, (height, width, block))


def _quarter_pixels(records: npt.NDArray[np.void]) -> npt.NDArray[Any]:
    """(m, 2): displacement dst - src in quarter pixels; the sign is the opposite of FFmpeg's motion.

    int16, or float64 where the scale is not the same divisor of 4 for all, as in no codec we know.
    """
    scale = records['motion_scale']
    least, most = int(scale.min()), int(scale.max())
    if not least:
        raise ValueError('a motion vector states no scale')
    moved = records['motion_x'], records['motion_y']
    if least < most or QUARTERS % least:
        exact = np.stack([axis * (-QUARTERS / scale) for axis in moved], axis=1)
        _check_length(float(np.abs(exact).max()))
        return exact
    steps = QUARTERS // least
    _check_length(steps * max(max(int(axis.max()), -int(axis.min())) for axis in moved))
    quarters = np.empty((len(records), 2), np.int16)
    for column, axis in enumerate(moved):
        lower_half = axis[:, None].view('<i2')[:, 0]  # holds all of it, by the check before
        np.multiply(lower_half, np.int16(-steps), out=quarters[:, column])
    return quarters


def _check_length(longest: float) -> None:
    if longest > _LONGEST:
        raise ValueError(f'a motion vector of {longest / QUARTERS:.0f} px is longer than the grid can hold')


def _paint_aligned(
    frame: npt.NDArray[np.int32],
    records: npt.NDArray[np.void],
    quarters: npt.NDArray[Any],
    shape: tuple[int, int, int],
    block: int,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]] | None:
    """Fast path: every block is made of whole cells, none of them covered twice.  Else None.

    So it is for MPEG-4's macroblocks on grids of 16, 8 and 4 px, and for H.264's four kinds of block on 8 and 4 px.
    """
    if quarters.dtype != np.int16 or block & (block - 1):
        return None
    wide, high = records['w'].astype(np.int16), records['h'].astype(np.int16)
    left, top = records['dst_x'] - (wide >> 1), records['dst_y'] - (high >> 1)
    edges = left | top | wide | high
    if (edges & (block - 1)).any() or edges.min() < 0:
        return None
    bits = block.bit_length() - 1
    column, row, across, along = left >> bits, top >> bits, wide >> bits, high >> bits
    _, rows, columns = shape
    most_across, most_along = int(across.max()), int(along.max())
    uniform = across.min() == most_across and along.min() == most_along
    # Blocks may run past the right and the lower edge, by less than a macroblock: so does the map, until it is cut.
    map_rows, map_columns = max(rows, int((row + along).max())), max(columns, int((column + across).max()))
    slack = max(_MACROBLOCK // block, 1)
    if min(across.min(), along.min()) < 1 or map_rows > rows + slack or map_columns > columns + slack:
        return None
    painted = np.full(shape[0] * map_rows * map_columns, _NO_VECTOR, np.int32)
    first = (frame * map_rows + row) * map_columns + column
    pairs = quarters.view(np.int32)[:, 0]  # dx and dy move as one
    covered = 0
    for down in range(most_along):
        for right in range(most_across):
            if uniform or not (down or right):
                painted[first + (down * map_columns + right)] = pairs
                covered += len(first)
            else:
                here = np.flatnonzero((along > down) & (across > right))
                painted[first[here] + (down * map_columns + right)] = pairs[here]
                covered += len(here)
    valid = painted != _NO_VECTOR
    if np.count_nonzero(valid) != covered:  # two vectors of one cell: to be averaged
        return None
    painted *= valid
    cut = slice(None), slice(rows), slice(columns)
    vectors = np.ascontiguousarray(painted.reshape(shape[0], map_rows, map_columns)[cut])
    valid = np.ascontiguousarray(valid.reshape(shape[0], map_rows, map_columns)[cut])
    return vectors.view(np.int16).reshape(*shape, 2), valid


def _paint_by_area(
    frame: npt.NDArray[np.int32],
    records: npt.NDArray[np.void],
    quarters: npt.NDArray[Any],
    shape: tuple[int, int, int],
    size: tuple[int, int, int],
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """General path: any sizes and places.  ``size`` is (height, width, block)."""
    height, width, block = size
    left, right = _extent(records['dst_x'], records['w'], width)
    top, bottom = _extent(records['dst_y'], records['h'], height)
    first_column, first_row = left // block, top // block
    _, rows, columns = shape
    cells = shape[0] * rows * columns
    area = np.zeros(cells)
    total = np.zeros((2, cells))
    # One round per cell that a block can reach from its first one; a round treats all blocks at once.
    for y in range(_longest_span(top, bottom, block)):
        row = first_row + y
        tall = np.minimum(bottom, (row + 1) * block) - np.maximum(top, row * block)
        for x in range(_longest_span(left, right, block)):
            column = first_column + x
            wide = np.minimum(right, (column + 1) * block) - np.maximum(left, column * block)
            covers = (tall > 0) & (wide > 0)
            cell = ((frame * rows + row) * columns + column)[covers]
            weight = (tall * wide)[covers].astype(np.float64)
            area += np.bincount(cell, weight, cells)
            for axis in range(2):
                total[axis] += np.bincount(cell, weight * quarters[covers, axis], cells)
    covered = area > 0
    vectors = np.zeros((cells, 2), np.int16)
    vectors[covered] = np.rint(total[:, covered] / area[covered]).T
    return vectors.reshape(*shape, 2), covered.reshape(shape)


def _extent(
    centre: npt.NDArray[np.int16], size: npt.NDArray[np.uint8], limit: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First pixel and the pixel after the last, along one axis, clipped to the frame."""
    first = centre.astype(np.intp) - size // 2
    return np.clip(first, 0, limit), np.clip(first + size, 0, limit)


def _longest_span(first: npt.NDArray[np.intp], end: npt.NDArray[np.intp], block: int) -> int:
    """Largest number of cells along one axis that a block [first, end) touches."""
    return int((-(-end // block) - first // block).max())
