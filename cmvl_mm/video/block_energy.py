"""Residual energy of every block of the grid: how much luma the stream adds to its prediction of the block.

Legend: n frames; Hb x Wb cells of ``block`` pixels.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.residual import ResidualField


class BlockEnergy(NamedTuple):
    """Residual energy of n frames, on the grid of their vectors."""

    energy: npt.NDArray[np.float32]
    """(n, Hb, Wb): mean absolute luma residual of a cell's pixels, in grey levels; 0 where a cell is not ``valid``."""
    valid: npt.NDArray[np.bool_]
    """(n, Hb, Wb): which cells are predicted. The other cells (I-frames, intra blocks) have no residual."""


def block_energy(residual: ResidualField) -> BlockEnergy:
    """Compute the mean absolute luma residual of every cell.

    For a cell that the picture's edge cuts, only the pixels inside count. The range is 0 to 128 grey levels for
    residuals of 8 bits, 0 to 255 for 16.
    """
    if not isinstance(residual, ResidualField):
        what = type(residual).__name__
        raise TypeError(f'block_energy needs a ResidualField, not {what}. Remedy: pass the result of read_residuals.')
    block, valid = residual.motion.block, residual.predicted
    height, width = residual.y.shape[1:]
    # -128 stays -128 in int8, but is 128 when viewed as uint8.
    magnitude = np.abs(residual.y).view(f'u{residual.y.itemsize}')
    # Line sums by bands and a matrix product take a quarter of the time of NumPy's reduceat.
    bands = [magnitude[:, top : top + block].sum(axis=1, dtype=np.float32) for top in range(0, height, block)]
    columns = np.arange(width)[:, None] // block == np.arange(valid.shape[2])
    sums = np.stack(bands, axis=1) @ columns.astype(np.float32)
    pixels = np.outer(_edges(height, block), _edges(width, block))
    return BlockEnergy(np.where(valid, sums / pixels, 0).astype(np.float32), valid)


def _edges(whole: int, block: int) -> npt.NDArray[np.int64]:
    """Pixels of each cell along one axis."""
    starts = np.arange(0, whole, block)
    return np.minimum(starts + block, whole) - starts
