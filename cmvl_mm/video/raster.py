"""FFmpeg's motion-vector records -> vectors on a regular grid, many frames at once.

Legend: n frames, m records of all of them, Hb x Wb cells of ``block`` x ``block`` pixels.  Painting a group of frames
in one go spreads NumPy's cost per call over all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.columns import RECORD, Columns, columns_of
from cmvl_mm.video.motion import QUARTERS, grid_shape

_LONGEST = np.iinfo(np.int16).max  # quarter pixels
_MACROBLOCK = 16  # px
_NO_VECTOR = np.iinfo(np.int32).min  # as dx and dy of int16: (0, -32768), which is longer than any


Numbers = npt.NDArray[np.integer]
Places = npt.NDArray[np.intp]
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
    blocks = columns_of(records)
    past = blocks.past if select is None else select(blocks, frame)
    if not past.all():
        chosen = np.flatnonzero(past)
        blocks, frame = blocks.of(chosen), frame.take(chosen)
    shape = len(parts), *grid_shape(height, width, block)
    if not len(frame):
        return np.zeros((*shape, 2), np.int16), np.zeros(shape, np.bool_)
    quarters = _quarter_pixels(blocks)
    painted = _paint_aligned(frame, blocks, quarters, shape, block)
    return painted or _paint_by_area(frame, blocks, quarters, shape, (height, width, block))


def _quarter_pixels(blocks: Columns) -> npt.NDArray[Any]:
    """(m, 2): displacement dst - src in quarter pixels; the sign is the opposite of FFmpeg's motion.

    int16, or float64 where the scale is not the same divisor of 4 for all, as in no codec we know.
    """
    scale, motion = blocks.scale, blocks.motion
    least, most = int(scale.min()), int(scale.max())
    if not least:
        raise ValueError('a motion vector states no scale')
    if least < most or QUARTERS % least:
        exact = motion * (-QUARTERS / scale)[:, None]
        _check_length(float(np.abs(exact).max()))
        return exact
    steps = QUARTERS // least
    _check_length(steps * max(int(motion.max()), -int(motion.min())))
    quarters = motion.astype(np.int16)  # holds them, by the check before
    quarters *= np.int16(-steps)
    return quarters


def _check_length(longest: float) -> None:
    if longest > _LONGEST:
        raise ValueError(f'a motion vector of {longest / QUARTERS:.0f} px is longer than the grid can hold')


def _paint_aligned(
    frame: npt.NDArray[np.int32],
    blocks: Columns,
    quarters: npt.NDArray[Any],
    shape: tuple[int, int, int],
    block: int,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]] | None:
    """Fast path: every block is made of whole cells, none of them covered twice.  Else None.

    So it is for MPEG-4's macroblocks on grids of 16, 8 and 4 px, and for H.264's four kinds of block on 8 and 4 px.
    """
    if quarters.dtype != np.int16 or block & (block - 1):
        return None
    across, along = blocks.width, blocks.height
    column, row = blocks.x - (across >> 1), blocks.y - (along >> 1)
    edges = int(np.bitwise_or.reduce(column | row | across | along))
    if edges & (block - 1) or edges < 0:
        return None
    bits = block.bit_length() - 1
    for edge in (column, row, across, along):
        edge >>= bits
    _, rows, columns = shape
    # Blocks may run past the right and the lower edge, by less than a macroblock: so does the map, until it is cut.
    map_rows, map_columns = max(rows, int((row + along).max())), max(columns, int((column + across).max()))
    slack = max(_MACROBLOCK // block, 1)
    if min(across.min(), along.min()) < 1 or map_rows > rows + slack or map_columns > columns + slack:
        return None
    map_columns += map_columns % 2
    painted = np.full(shape[0] * map_rows * map_columns, _NO_VECTOR, np.int32)
    first = ((frame * map_rows + row) * map_columns + column).astype(np.intp)
    pairs = quarters.view(np.int32)[:, 0]  # dx and dy move as one
    covered = sum(
        _scatter(painted, first, pairs, along, wide, map_columns)
        for wide, first, pairs, along in _by_width(across, first, pairs, along)
    )
    valid = painted != _NO_VECTOR
    if np.count_nonzero(valid) != covered:  # two vectors of one cell: to be averaged
        return None
    painted *= valid
    cut = slice(None), slice(rows), slice(columns)
    vectors = np.ascontiguousarray(painted.reshape(shape[0], map_rows, map_columns)[cut])
    valid = np.ascontiguousarray(valid.reshape(shape[0], map_rows, map_columns)[cut])
    return vectors.view(np.int16).reshape(*shape, 2), valid


def _by_width(
    across: Numbers, first: Places, pairs: Numbers, along: Numbers
) -> Iterator[tuple[int, Places, Numbers, Numbers]]:
    """Blocks of each width apart: 1, 2 or 4 cells, as a rule."""
    least, most = int(across.min()), int(across.max())
    if least == most:
        yield most, first, pairs, along
        return
    for wide in range(least, most + 1):
        here = np.flatnonzero(across == wide)
        if len(here):
            yield wide, first.take(here), pairs.take(here), along.take(here)


def _scatter(painted: Numbers, first: Places, pairs: Numbers, along: Numbers, wide: int, map_columns: int) -> int:
    """Write blocks of one width to their cells, row by row of them; how many cells were written."""
    cells = 1
    if wide % 2 == 0 and not np.bitwise_or.reduce(first) & 1:  # two cells at a time
        cells, wide, map_columns = 2, wide // 2, map_columns // 2
        painted, first, pairs = painted.view(np.int64), first >> 1, pairs.repeat(2).view(np.int64)
    covered, least = 0, int(along.min())
    for down in range(int(along.max())):
        if down == least:
            here = np.flatnonzero(along > down)
            first, pairs, along = first.take(here), pairs.take(here), along.take(here)
            least = int(along.min())
        for right in range(wide):
            painted[first + (down * map_columns + right)] = pairs
        covered += len(first) * wide * cells
    return covered


def _paint_by_area(
    frame: npt.NDArray[np.int32],
    blocks: Columns,
    quarters: npt.NDArray[Any],
    shape: tuple[int, int, int],
    size: tuple[int, int, int],
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """General path: any sizes and places.  ``size`` is (height, width, block)."""
    height, width, block = size
    left, right = _extent(blocks.x, blocks.width, width)
    top, bottom = _extent(blocks.y, blocks.height, height)
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
    centre: npt.NDArray[np.int32], size: npt.NDArray[np.int32], limit: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First pixel and the pixel after the last, along one axis, clipped to the frame."""
    first = centre.astype(np.intp) - size // 2
    return np.clip(first, 0, limit), np.clip(first + size, 0, limit)


def _longest_span(first: npt.NDArray[np.intp], end: npt.NDArray[np.intp], block: int) -> int:
    """Largest number of cells along one axis that a block [first, end) touches."""
    return int((-(-end // block) - first // block).max())
