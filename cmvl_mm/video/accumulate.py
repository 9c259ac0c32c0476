"""Accumulated motion: where each pixel's content was in an earlier frame, traced back block by block.

The definition is CoViAR's (Wu et al., Compressed Video Action Recognition, CVPR 2018, section 3.2, and its published
loader): a pixel of a block with a vector continues the trace of the pixel that the block came from; a pixel of a block
without motion keeps its own trace, and so does one whose source lies outside the frame.  Vectors count in whole pixels,
their fraction cut off, as in the ``src`` and ``dst`` of FFmpeg's records.

Legend: n frames of H x W pixels, Hb x Wb cells.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import I_FRAME
from cmvl_mm.video.motion import QUARTERS, MotionField, grid_shape

_Trace = npt.NDArray[np.int32]  # (H * W,): x in the lower half, y in the upper one, which is negative where invalid
_Cell = TypeVar('_Cell', np.intp, np.int32)
_INVALID = np.int32(np.iinfo(np.int32).min)
_PLACE = np.int32(np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class AccumulatedMotion:
    """Displacements of n frames since an earlier one, pixel by pixel."""

    vectors: npt.NDArray[np.int16]
    """(n, H, W, 2): (dx, dy) in whole pixels, position - traced position; +x right, +y down."""
    valid: npt.NDArray[np.bool_]
    """(n, H, W): whether real vectors, none of which left the frame, make up the whole trace.

    Elsewhere ``vectors`` holds what CoViAR's rule gives: the steps that could not be followed count as no motion.
    """
    since: npt.NDArray[np.int64]
    """(n,): the frame that a displacement counts from; -1 where it is before the first one, and nothing is valid."""


class _Step(NamedTuple):
    """One frame's vectors: where each pixel continues."""

    source: npt.NDArray[np.intp]
    """(H * W,) flat index of the pixel that it came from, or its own."""
    broken: npt.NDArray[np.int32] | None
    """(H * W,) `_INVALID` where that cannot be told, else 0; None where it can be everywhere."""


def accumulate(motion: MotionField, *, height: int, width: int, over: int | None = None) -> AccumulatedMotion:
    """Accumulated motion of consecutive frames.

    Args:
        motion: of n consecutive frames whose vectors all refer to the frame before.
        height: of the frames, px, at most 8192; likewise ``width``.
        over: displacement over this many frames; None: since the last I-frame.

    Returns:
        Of each of the n frames, counted from 0.  An I-frame has none since itself, so 0.  What begins before
        the first frame of ``motion`` is invalid, and so is what crosses an I-frame.

    Raises:
        ValueError: sizes do not fit the field's grid, or ``over`` is below 1.
    """
    count = len(motion.valid)
    vectors = np.empty((count, height, width, 2), np.int16)
    valid = np.empty((count, height, width), np.bool_)
    since = np.empty(count, np.int64)
    for number, step in enumerate(accumulated(motion, height=height, width=width, over=over)):
        vectors[number], valid[number], since[number] = step
    return AccumulatedMotion(vectors, valid, since)


def accumulated(
    motion: MotionField, *, height: int, width: int, over: int | None = None
) -> Iterator[tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_], int]]:
    """As `accumulate`, frame by frame, for long videos: (H, W, 2), (H, W), and the frame counted from."""
    if over is not None and over < 1:
        raise ValueError(f'over={over}: give a number of frames, at least 1')
    if motion.valid.shape[1:] != grid_shape(height, width, motion.block):
        raise ValueError(
            f'frames of {width}x{height} px have {grid_shape(height, width, motion.block)} cells of {motion.block} px, '
            f'and the field has {motion.valid.shape[1:]}'
        )
    steps = _Steps(height, width, motion.block)
    if over is None:
        traces = _since_i_frame(motion, steps)
    else:
        traces = _over(motion, steps, over)
    pairs = steps.home.view(np.int16).reshape(height, width, 2)
    for trace, since in traces:
        traced = (trace & _PLACE).view(np.int16).reshape(height, width, 2)
        yield pairs - traced, (trace >= 0).reshape(height, width), since


def _since_i_frame(motion: MotionField, steps: '_Steps') -> Iterator[tuple[_Trace, int]]:
    trace, since = steps.home | _INVALID, -1
    for number, (vectors, valid) in enumerate(zip(motion.vectors, motion.valid, strict=True)):
        if motion.missing[number] == I_FRAME:
            trace, since = steps.home, number
        else:
            trace = _followed(trace, steps.of(vectors, valid))
        yield trace, since


def _over(motion: MotionField, steps: '_Steps', length: int) -> Iterator[tuple[_Trace, int]]:
    recent: deque[_Step] = deque(maxlen=length)
    for number, (vectors, valid) in enumerate(zip(motion.vectors, motion.valid, strict=True)):
        recent.append(steps.of(vectors, valid))
        # There is a frame before the first one of the window.
        trace, since = (steps.home, number - length) if number >= length else (steps.home | _INVALID, -1)
        for step in recent:
            trace = _followed(trace, step)
        yield trace, since


def _followed(trace: _Trace, step: _Step) -> _Trace:
    """The traces of the next frame's pixels."""
    after = trace.take(step.source)
    if step.broken is not None:
        after |= step.broken
    return after


class _Steps:
    """Vectors on a grid -> a `_Step`, for frames of one size."""

    def __init__(self, height: int, width: int, block: int) -> None:
        self._height, self._width, self._block = height, width, block
        rows, _ = grid_shape(height, width, block)
        y, x = np.mgrid[:height, :width]
        self.home: _Trace = (x | y << 16).astype('<i4').reshape(-1)
        """Of the pixels themselves."""
        # Rows of whole cells, some of them perhaps below the frame.
        self._index = np.arange(rows * block * width, dtype=np.intp).reshape(rows, block, width)
        self._own = self._index.reshape(-1)[: height * width]
        self._first_y, self._first_x = np.mgrid[0:height:block, 0:width:block]
        self._end_y = np.minimum(self._first_y + block, height)
        self._end_x = np.minimum(self._first_x + block, width)

    def of(self, vectors: npt.NDArray[np.int16], valid: npt.NDArray[np.bool_]) -> _Step:
        """Of one frame: (Hb, Wb, 2) and (Hb, Wb)."""
        # 0 where a cell has none; the fraction is cut off, towards zero
        whole = ((vectors + np.where(vectors < 0, np.int16(QUARTERS - 1), np.int16(0))) >> 2).astype(np.intp)
        whole *= valid[..., None]
        dx, dy = whole[..., 0], whole[..., 1]
        source = self._index - self._spread(dy * self._width + dx)[:, None, :]
        flat = source.reshape(-1)[: len(self._own)]
        broken = None
        if not valid.all():
            broken = self._per_pixel(np.where(valid, np.int32(0), _INVALID))
        outside = (
            (self._first_x - dx < 0) | (self._end_x - dx > self._width)
            | (self._first_y - dy < 0) | (self._end_y - dy > self._height)
        )  # fmt: skip
        if outside.any():
            pixels = self._leaving(np.argwhere(outside), dx, dy)
            flat[pixels] = self._own[pixels]
            broken = np.zeros(len(flat), np.int32) if broken is None else broken
            broken[pixels] = _INVALID
        return _Step(flat, broken)

    def _spread(self, cells: npt.NDArray[_Cell]) -> npt.NDArray[_Cell]:
        """(Hb, Wb) -> (Hb, W)."""
        return cells.repeat(self._block, axis=1)[:, : self._width]

    def _per_pixel(self, cells: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """(Hb, Wb) -> (H * W,)."""
        return np.repeat(self._spread(cells), self._block, axis=0)[: self._height].reshape(-1)

    def _leaving(
        self, cells: npt.NDArray[np.intp], dx: npt.NDArray[np.intp], dy: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.intp]:
        """Flat indices of the pixels, of (m, 2) cells, that came from outside the frame."""
        row, column = cells.T
        steps = np.arange(self._block)
        y = (row * self._block)[:, None, None] + steps[:, None]
        x = (column * self._block)[:, None, None] + steps
        from_y, from_x = y - dy[row, column][:, None, None], x - dx[row, column][:, None, None]
        left = (from_y < 0) | (from_y >= self._height) | (from_x < 0) | (from_x >= self._width)
        left = left & (y < self._height) & (x < self._width)
        return (y * self._width + x)[left]


def accumulated_residual(
    frames: npt.NDArray[np.uint8], references: npt.NDArray[np.uint8], vectors: npt.NDArray[np.int16]
) -> npt.NDArray[np.int16]:
    """CoViAR's accumulated residual: pixels minus those of an earlier frame at the traced positions.

    This is a difference of pictures, as in the published loader, not what the stream codes (`ResidualField`).

    Args:
        frames: (n, H, W, channels).
        references: likewise, the frame that each displacement counts from.
        vectors: (n, H, W, 2) of `AccumulatedMotion`.

    Returns:
        (n, H, W, channels), -255 to 255.
    """
    _, height, width, _ = frames.shape
    y, x = np.mgrid[:height, :width]
    residual = frames.astype(np.int16)
    for number, moved in enumerate(vectors):
        residual[number] -= references[number][y - moved[..., 1], x - moved[..., 0]]
    return residual
