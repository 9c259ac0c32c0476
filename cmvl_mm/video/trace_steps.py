"""One step of a trace: from a frame's vectors on a grid to the source of each of its pixels.

Legend: H x W pixels, Hb x Wb cells.  A trace is (H * W,) int32: x in the lower half, y in the upper one; its sign bit
marks a trace that is not real all the way.
"""

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import QUARTERS, grid_shape

Trace = npt.NDArray[np.int32]
_Cell = TypeVar('_Cell', np.intp, np.int32)
INVALID = np.int32(np.iinfo(np.int32).min)
_PLACE = np.int32(np.iinfo(np.int32).max)


class Step(NamedTuple):
    """The source of each pixel of a frame, in the picture that the frame's vectors refer to."""

    source: npt.NDArray[np.intp]
    """(H * W,) flat index of the source pixel, or the pixel's own."""
    broken: Trace | None
    """(H * W,) `INVALID` where the source is unknown, else 0; None if it is known everywhere."""


def followed(trace: Trace, step: Step) -> Trace:
    """The traces of a frame's pixels, given the traces of the picture that its vectors refer to."""
    after = trace.take(step.source)
    if step.broken is not None:
        after |= step.broken
    return after


class Steps:
    """Converts vectors on a grid to a `Step`, for frames of one size."""

    def __init__(self, height: int, width: int, block: int) -> None:
        self._height, self._width, self._block = height, width, block
        rows, _ = grid_shape(height, width, block)
        y, x = np.mgrid[:height, :width]
        self.home: Trace = (x | y << 16).astype('<i4').reshape(-1)
        """Traces that start at the pixels themselves."""
        # Rows of whole cells; the last ones may lie below the frame.
        self._index = np.arange(rows * block * width, dtype=np.intp).reshape(rows, block, width)
        self._own = self._index.reshape(-1)[: height * width]
        self._first_y, self._first_x = np.mgrid[0:height:block, 0:width:block]
        self._end_y = np.minimum(self._first_y + block, height)
        self._end_x = np.minimum(self._first_x + block, width)

    def of(self, vectors: npt.NDArray[np.int16], valid: npt.NDArray[np.bool_]) -> Step:
        """The step of one frame from its vectors, (Hb, Wb, 2), and their validity, (Hb, Wb)."""
        # 0 where a cell has no vector; the fraction is truncated towards zero
        whole = ((vectors + np.where(vectors < 0, np.int16(QUARTERS - 1), np.int16(0))) >> 2).astype(np.intp)
        whole *= valid[..., None]
        dx, dy = whole[..., 0], whole[..., 1]
        source = self._index - self._spread(dy * self._width + dx)[:, None, :]
        flat = source.reshape(-1)[: len(self._own)]
        broken = None
        if not valid.all():
            broken = self._per_pixel(np.where(valid, np.int32(0), INVALID))
        outside = (
            (self._first_x - dx < 0) | (self._end_x - dx > self._width)
            | (self._first_y - dy < 0) | (self._end_y - dy > self._height)
        )  # fmt: skip
        if outside.any():
            pixels = self._leaving(np.argwhere(outside), dx, dy)
            flat[pixels] = self._own[pixels]
            broken = np.zeros(len(flat), np.int32) if broken is None else broken
            broken[pixels] = INVALID
        return Step(flat, broken)

    def displacement(self, trace: Trace) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_]]:
        """(H, W, 2) position - traced position, and (H, W), whether the trace is real."""
        shape = self._height, self._width
        own, traced = (pairs.view(np.int16).reshape(*shape, 2) for pairs in (self.home, trace & _PLACE))
        return own - traced, (trace >= 0).reshape(shape)

    def _spread(self, cells: npt.NDArray[_Cell]) -> npt.NDArray[_Cell]:
        """Repeat columns: (Hb, Wb) -> (Hb, W)."""
        return cells.repeat(self._block, axis=1)[:, : self._width]

    def _per_pixel(self, cells: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Repeat cells for their pixels: (Hb, Wb) -> (H * W,)."""
        return np.repeat(self._spread(cells), self._block, axis=0)[: self._height].reshape(-1)

    def _leaving(
        self, cells: npt.NDArray[np.intp], dx: npt.NDArray[np.intp], dy: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.intp]:
        """Flat indices of the pixels, in (m, 2) cells, that came from outside the frame."""
        row, column = cells.T
        steps = np.arange(self._block)
        y = (row * self._block)[:, None, None] + steps[:, None]
        x = (column * self._block)[:, None, None] + steps
        from_y, from_x = y - dy[row, column][:, None, None], x - dx[row, column][:, None, None]
        left = (from_y < 0) | (from_y >= self._height) | (from_x < 0) | (from_x >= self._width)
        left = left & (y < self._height) & (x < self._width)
        return (y * self._width + x)[left]
