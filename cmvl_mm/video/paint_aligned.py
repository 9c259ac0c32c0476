"""Paints blocks of motion vectors that consist of whole grid cells: each vector is written to its cells.

Legend: n frames, m blocks in all of them, Hb x Wb cells of ``block`` x ``block`` pixels.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.columns import Columns

_MACROBLOCK = 16  # px
_NO_VECTOR = np.iinfo(np.int32).min  # as dx and dy of int16: (0, -32768), longer than any vector

Numbers = npt.NDArray[np.integer]
Places = npt.NDArray[np.intp]


def paint_aligned(
    frame: npt.NDArray[np.int32],
    blocks: Columns,
    quarters: npt.NDArray[Any],
    shape: tuple[int, int, int],
    block: int,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]] | None:
    """Fast path: every block consists of whole cells, and no cell is covered twice.

    This holds for MPEG-4's macroblocks on grids of 16, 8 and 4 px, and for H.264's four block sizes on 8 and 4 px.

    Args:
        frame: (m,) frame that each block belongs to.
        blocks: the m blocks.
        quarters: (m, 2) dx and dy in quarter pixels.
        shape: (n, Hb, Wb).
        block: edge of a cell in pixels.

    Returns:
        (n, Hb, Wb, 2) vectors and their (n, Hb, Wb) validity; None if the condition does not hold, or ``quarters`` is
        not int16.
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
    # Blocks may exceed the right and lower edges by less than a macroblock; the map does, too, until it is cropped.
    map_rows, map_columns = max(rows, int((row + along).max())), max(columns, int((column + across).max()))
    slack = max(_MACROBLOCK // block, 1)
    if min(across.min(), along.min()) < 1 or map_rows > rows + slack or map_columns > columns + slack:
        return None
    map_columns += map_columns % 2
    painted = np.full(shape[0] * map_rows * map_columns, _NO_VECTOR, np.int32)
    first = ((frame * map_rows + row) * map_columns + column).astype(np.intp)
    pairs = quarters.view(np.int32)[:, 0]  # dx and dy are copied as one number
    covered = sum(
        _scatter(painted, first, pairs, along, wide, map_columns)
        for wide, first, pairs, along in _by_width(across, first, pairs, along)
    )
    valid = painted != _NO_VECTOR
    if np.count_nonzero(valid) != covered:  # some cell has two vectors, which must be averaged
        return None
    painted *= valid
    cut = slice(None), slice(rows), slice(columns)
    vectors = np.ascontiguousarray(painted.reshape(shape[0], map_rows, map_columns)[cut])
    valid = np.ascontiguousarray(valid.reshape(shape[0], map_rows, map_columns)[cut])
    return vectors.view(np.int16).reshape(*shape, 2), valid


def _by_width(
    across: Numbers, first: Places, pairs: Numbers, along: Numbers
) -> Iterator[tuple[int, Places, Numbers, Numbers]]:
    """Group the blocks by width: usually 1, 2 or 4 cells."""
    least, most = int(across.min()), int(across.max())
    if least == most:
        yield most, first, pairs, along
        return
    for wide in range(least, most + 1):
        here = np.flatnonzero(across == wide)
        if len(here):
            yield wide, first.take(here), pairs.take(here), along.take(here)


def _scatter(painted: Numbers, first: Places, pairs: Numbers, along: Numbers, wide: int, map_columns: int) -> int:
    """Write blocks of one width to their cells, row by row; returns the number of cells written."""
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
