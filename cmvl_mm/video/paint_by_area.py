"""Paints blocks of motion vectors of any size and position: each grid cell gets its mean vector, weighted by area.

Legend: n frames, m blocks in all of them, Hb x Wb cells of ``block`` x ``block`` pixels.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.columns import Columns


def paint_by_area(
    frame: npt.NDArray[np.int32],
    blocks: Columns,
    quarters: npt.NDArray[Any],
    shape: tuple[int, int, int],
    size: tuple[int, int, int],
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
    """General path: blocks of any size and position.

    Args:
        frame: (m,) frame that each block belongs to.
        blocks: the m blocks.
        quarters: (m, 2) dx and dy in quarter pixels.
        shape: (n, Hb, Wb).
        size: (height, width, block) in pixels.

    Returns:
        (n, Hb, Wb, 2) rounded vectors and their (n, Hb, Wb) validity.
    """
    height, width, block = size
    left, right = _extent(blocks.x, blocks.width, width)
    top, bottom = _extent(blocks.y, blocks.height, height)
    first_column, first_row = left // block, top // block
    _, rows, columns = shape
    cells = shape[0] * rows * columns
    area = np.zeros(cells)
    total = np.zeros((2, cells))
    # One round per cell that a block can reach from its first one; each round processes all blocks at once.
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
