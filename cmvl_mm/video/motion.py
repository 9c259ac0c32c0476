"""Block motion vectors -> a regular grid.

Legend: n frames, Hb = ceil(height / block), Wb = ceil(width / block).  A vector is ``dst - src``: where the
block's content moved since its reference frame, in quarter pixels, +x right and +y down.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

QUARTERS = 4  # steps of a vector per pixel
_LONGEST = np.iinfo(np.int16).max  # quarter pixels
_MACROBLOCK = 16  # px: edge of the only block MPEG-4 Part 2 uses unless told otherwise


@dataclass(frozen=True)
class MotionField:
    """Motion vectors of n frames on a grid of ``block`` x ``block`` pixels."""

    vectors: npt.NDArray[np.int16]
    """(n, Hb, Wb, 2): (dx, dy) in quarter pixels, dst - src; 0 where there is no vector."""
    valid: npt.NDArray[np.bool_]
    """(n, Hb, Wb): False where the block has no vector to the past (intra block, I-frame)."""
    block: int
    """Edge of a grid cell in pixels."""

    def __post_init__(self) -> None:
        if self.vectors.shape != (*self.valid.shape, 2) or self.valid.ndim != 3:
            raise ValueError(
                f'vectors {self.vectors.shape} and valid {self.valid.shape} must be (n, Hb, Wb, 2) and (n, Hb, Wb)'
            )


def grid_shape(height: int, width: int, block: int) -> tuple[int, int]:
    """(Hb, Wb): the number of ``block``-pixel cells that cover a frame, the last of them perhaps in part."""
    return -(-height // block), -(-width // block)


def rasterise(
    records: npt.NDArray[np.void], height: int, width: int, block: int
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """Paint FFmpeg's motion-vector records of one frame on a regular grid.

    Args:
        records: (m,) structured array with the fields of FFmpeg's ``AVMotionVector``: ``source`` (below 0:
            the reference is in the past), ``w``, ``h``, ``dst_x``, ``dst_y`` (block size and block centre in
            pixels), ``motion_x``, ``motion_y``, ``motion_scale``; the block came from ``dst + motion /
            motion_scale``.
        height: of the frame, px.
        width: of the frame, px.
        block: edge of a grid cell, px.

    Returns:
        ``vectors`` int16 (Hb, Wb, 2), (dx, dy) in quarter pixels, dst - src, and ``valid`` bool (Hb, Wb).  A
        cell that several blocks share holds their mean, weighted by the area they cover of it inside the
        frame; the part of a cell without any vector does not count.  Vectors to the future are left out.

    Raises:
        ValueError: if a record has no scale, or a vector does not fit int16 (8191 px).
    """
    shape = grid_shape(height, width, block)
    vectors = np.zeros((*shape, 2), np.int16)
    valid = np.zeros(shape, np.bool_)
    past = records['source'] < 0
    if not past.all():
        records = records[past]
    if not len(records):
        return vectors, valid
    quarters = _quarter_pixels(records)
    if not _paint_macroblocks(records, quarters, block, vectors, valid):
        _paint_by_area(records, quarters, (height, width, block), vectors, valid)
    return vectors, valid


def _quarter_pixels(records: npt.NDArray[np.void]) -> npt.NDArray[np.float64]:
    """(m, 2): displacement dst - src in quarter pixels; the sign is the opposite of FFmpeg's motion."""
    scale = records['motion_scale']
    if not scale.all():
        raise ValueError('a motion vector states no scale')
    steps = -QUARTERS / scale
    quarters = np.empty((len(records), 2))
    np.multiply(records['motion_x'], steps, out=quarters[:, 0])
    np.multiply(records['motion_y'], steps, out=quarters[:, 1])
    longest = max(quarters.max(), -quarters.min())
    if longest > _LONGEST:
        raise ValueError(f'a motion vector of {longest / QUARTERS:.0f} px is longer than the grid can hold')
    return quarters


def _paint_macroblocks(
    records: npt.NDArray[np.void],
    quarters: npt.NDArray[np.float64],
    block: int,
    vectors: npt.NDArray[np.int16],
    valid: npt.NDArray[np.bool_],
) -> bool:
    """Fast path: all blocks are 16 x 16 macroblocks in their places.  Else paints nothing and says False."""
    x, y = records['dst_x'], records['dst_y']
    middle = _MACROBLOCK // 2
    if (
        _MACROBLOCK % block
        or (records['w'] != _MACROBLOCK).any()
        or (records['h'] != _MACROBLOCK).any()
        or (x % _MACROBLOCK != middle).any()
        or (y % _MACROBLOCK != middle).any()
    ):
        return False
    repeat = _MACROBLOCK // block
    rows, columns = -(-valid.shape[0] // repeat), -(-valid.shape[1] // repeat)
    # Unsigned, a negative place is far outside too.
    row, column = y.astype(np.uint16) // _MACROBLOCK, x.astype(np.uint16) // _MACROBLOCK
    if row.max() >= rows or column.max() >= columns:
        return False
    painted = np.zeros((rows, columns), np.bool_)
    painted[row, column] = True
    if np.count_nonzero(painted) != len(records):  # two vectors of one block: the area path averages them
        return False
    coarse = np.zeros((rows, columns, 2), np.int16)
    coarse[row, column] = np.rint(quarters)
    for down in range(repeat):  # repeat * repeat strided copies, cut at the frame's edge
        for right in range(repeat):
            part = valid[down::repeat, right::repeat]
            part[:] = painted[: part.shape[0], : part.shape[1]]
            vectors[down::repeat, right::repeat] = coarse[: part.shape[0], : part.shape[1]]
    return True


def _paint_by_area(
    records: npt.NDArray[np.void],
    quarters: npt.NDArray[np.float64],
    size: tuple[int, int, int],
    vectors: npt.NDArray[np.int16],
    valid: npt.NDArray[np.bool_],
) -> None:
    """General path: any sizes and places.  ``size`` is (height, width, block)."""
    height, width, block = size
    left, right = _extent(records['dst_x'], records['w'], width)
    top, bottom = _extent(records['dst_y'], records['h'], height)
    first_column, first_row = left // block, top // block
    cells = valid.size
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
            cell = (row * valid.shape[1] + column)[covers]
            weight = (tall * wide)[covers].astype(np.float64)
            area += np.bincount(cell, weight, cells)
            for axis in range(2):
                total[axis] += np.bincount(cell, weight * quarters[covers, axis], cells)
    covered = area > 0
    valid[:] = covered.reshape(valid.shape)
    vectors.reshape(cells, 2)[covered] = np.rint(total[:, covered] / area[covered]).T


def _extent(
    centre: npt.NDArray[np.int16], size: npt.NDArray[np.uint8], limit: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First pixel and the pixel after the last, along one axis, clipped to the frame."""
    first = centre.astype(np.intp) - size // 2
    return np.clip(first, 0, limit), np.clip(first + size, 0, limit)


def _longest_span(first: npt.NDArray[np.intp], end: npt.NDArray[np.intp], block: int) -> int:
    """Largest number of cells along one axis that a block [first, end) touches."""
    return int((-(-end // block) - first // block).max())
