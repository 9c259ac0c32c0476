"""Residuals: what a stream adds to the prediction of a block to make its pixels.

Legend: n frames of H x W pixels, 4:2:0: chroma has Hc = ceil(H / 2) lines of Wc = ceil(W / 2) samples; Hb x Wb cells.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import MotionField

Samples = npt.NDArray[np.int16] | npt.NDArray[np.int8]
Bits = Literal[8, 16]


@dataclass(frozen=True, eq=False)
class ResidualField:
    """Residuals of n frames, and the vectors of the same frames.

    With P the prediction by the frame's vectors, 0 where a cell is not predicted, the decoded picture is P + residual,
    clipped to 0 ... 255: of exact ones bit for bit.  Arrays of int8 hold the residual clipped to -128 ... 127, as the
    8-bit inputs of CoViAR take it; P is then 128 where a cell is not predicted.
    """

    y: Samples
    """(n, H, W) int16: luma, -255 to 255; the pixels, 0 to 255, in cells that are not predicted.  Or int8."""
    u: Samples
    """(n, Hc, Wc): Cb, likewise."""
    v: Samples
    """(n, Hc, Wc): Cr, likewise."""
    motion: MotionField
    """The vectors; ``motion.valid``, (n, Hb, Wb), says which cells are predicted, ``motion.missing`` why a frame is
    not."""
    approximate: str | None
    """None: exact.  Else how the residual was estimated."""

    @property
    def predicted(self) -> npt.NDArray[np.bool_]:
        """(n, Hb, Wb): which cells hold a residual, and not their pixels."""
        return self.motion.valid


def empty_planes(count: int, size: tuple[int, int], bits: Bits) -> list[Samples]:
    """Room for luma, Cb and Cr of ``count`` frames of (height, width)."""
    height, width = size
    half = -(-height // 2), -(-width // 2)
    dtype = np.dtype(np.int16 if bits == 16 else np.int8)
    return [np.empty((count, *shape), dtype) for shape in (size, half, half)]


def add_where(planes: Samples, cells: npt.NDArray[np.bool_], amount: int, block: int) -> None:
    """Add ``amount`` to the samples of some cells, in place.

    Args:
        planes: (n, H, W).
        cells: (n, Hb, Wb), of ``block`` samples each.
    """
    height, width = planes.shape[1:]
    whole = height // block
    for number in np.flatnonzero(cells.any(axis=(1, 2))):
        plane = planes[number]
        added = (cells[number] * planes.dtype.type(amount)).repeat(block, axis=1)[:, :width]
        plane[: whole * block].reshape(whole, block, width)[:] += added[:whole, None]
        if whole < len(added):
            plane[whole * block :] += added[-1]
