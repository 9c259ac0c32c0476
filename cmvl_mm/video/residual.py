"""Residuals: what a stream adds to the prediction of a block to make its pixels.

Legend: n frames of H x W pixels, 4:2:0: chroma has Hc = ceil(H / 2) lines of Wc = ceil(W / 2) samples; Hb x Wb cells.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import MotionField


@dataclass(frozen=True, eq=False)
class ResidualField:
    """Residuals of n frames, and the vectors of the same frames.

    With P the prediction by the frame's vectors, 0 where a cell is not predicted, the decoded picture is P + residual,
    clipped to 0 ... 255: of exact ones bit for bit.
    """

    y: npt.NDArray[np.int16]
    """(n, H, W): luma, -255 to 255; the pixels themselves, 0 to 255, in cells that are not predicted."""
    u: npt.NDArray[np.int16]
    """(n, Hc, Wc): Cb, likewise."""
    v: npt.NDArray[np.int16]
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


def add_where(planes: npt.NDArray[np.int16], cells: npt.NDArray[np.bool_], amount: int, block: int) -> None:
    """Add ``amount`` to the samples of some cells, in place.

    Args:
        planes: (n, H, W).
        cells: (n, Hb, Wb), of ``block`` samples each.
    """
    for number in np.flatnonzero(cells.any(axis=(1, 2))):
        plane, height = planes[number], planes.shape[1]
        added = np.where(cells[number], np.int16(amount), np.int16(0)).repeat(block, axis=1)[:, : planes.shape[2]]
        whole = height // block
        plane[: whole * block].reshape(whole, block, -1)[:] += added[:whole, None]
        if height % block:
            plane[whole * block :] += added[-1]
