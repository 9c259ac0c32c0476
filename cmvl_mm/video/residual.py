"""Residuals: what a stream adds to the prediction of a block to form its pixels.

Legend: n frames of H x W pixels, 4:2:0: chroma has Hc = ceil(H / 2) lines of Wc = ceil(W / 2) samples; Hb x Wb cells.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import MotionField

_DENSE = 1 / 8  # share of a frame's cells from which going through all samples is faster

Samples = npt.NDArray[np.int16] | npt.NDArray[np.int8]
Bits = Literal[8, 16]


@dataclass(frozen=True, eq=False)
class ResidualField:
    """Residuals and vectors of n frames.

    With P the prediction by the frame's vectors, 0 where a cell is not predicted, the decoded picture is P + residual,
    clipped to 0 ... 255; exact residuals give it bit for bit.  Arrays of int8 hold the residual clipped to -128 ...
    127, like CoViAR's 8-bit inputs; P is then 128 where a cell is not predicted.
    """

    y: Samples
    """(n, H, W) int16: luma, -255 to 255; the pixels, 0 to 255, in cells that are not predicted.  Or int8."""
    u: Samples
    """(n, Hc, Wc): Cb, likewise."""
    v: Samples
    """(n, Hc, Wc): Cr, likewise."""
    motion: MotionField
    """The vectors; ``motion.valid``, (n, Hb, Wb), says which cells are predicted, ``motion.missing`` why a frame has
    none that are."""
    approximate: str | None
    """None for exact residuals; otherwise, how they were estimated."""

    @property
    def predicted(self) -> npt.NDArray[np.bool_]:
        """(n, Hb, Wb): which cells hold a residual instead of their pixels."""
        return self.motion.valid


def empty_planes(count: int, size: tuple[int, int], bits: Bits) -> list[Samples]:
    """Empty arrays for luma, Cb and Cr of ``count`` frames of (height, width)."""
    height, width = size
    half = -(-height // 2), -(-width // 2)
    dtype = np.dtype(np.int16 if bits == 16 else np.int8)
    return [np.empty((count, *shape), dtype) for shape in (size, half, half)]


def add_where(planes: Samples, cells: npt.NDArray[np.bool_], amount: int, block: int) -> None:
    """Add ``amount`` to the samples of some cells, in place.

    Args:
        planes: (n, H, W).
        cells: (n, Hb, Wb) mask of cells of ``block`` samples.
    """
    height, width = planes.shape[1:]
    added = planes.dtype.type(amount)
    is_dense = cells.mean(axis=(1, 2)) > _DENSE
    for number in np.flatnonzero(is_dense):
        spread = (cells[number] * added).repeat(block, axis=0)[:height].repeat(block, axis=1)[:, :width]
        planes[number] += spread
    sparse = cells & ~is_dense[:, None, None]
    # Whole cells, then the cells cut by the right and the lower edge: all cells of a part have the same size.
    for rows, high in _parts(height, block):
        for columns, wide in _parts(width, block):
            part = planes[:, rows.start * block :, columns.start * block :][
                :, : len(rows) * high, : len(columns) * wide
            ]
            in_cells = part.reshape(len(planes), len(rows), high, len(columns), wide)
            frame, row, column = np.nonzero(sparse[:, rows.start : rows.stop, columns.start : columns.stop])
            in_cells[frame, row, :, column] += added


def _parts(size: int, block: int) -> list[tuple[range, int]]:
    """Ranges of cells along one axis, and how many samples of each cell lie inside."""
    whole, rest = divmod(size, block)
    parts = [(range(whole), block), (range(whole, whole + 1), rest)]
    return [(cells, samples) for cells, samples in parts if len(cells) and samples]
