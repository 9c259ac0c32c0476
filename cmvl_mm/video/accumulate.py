"""Accumulated motion: where each pixel's content was in an earlier frame, traced back block by block.

The definition is CoViAR's (Wu et al., Compressed Video Action Recognition, CVPR 2018, section 3.2, and its published
loader): a pixel of a block with a vector continues the trace of the pixel that the block came from.  A pixel of a block
without motion keeps its own trace, and so does a pixel whose source lies outside the frame.  Vectors are truncated to
whole pixels, as in the ``src`` and ``dst`` of FFmpeg's records.

CoViAR's videos have no B-frames, so every vector refers to the frame before.  Here a trace runs from each frame to the
frame that its vectors refer to, which may be further back.

Legend: n frames of H x W pixels, Hb x Wb cells.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import I_FRAME
from cmvl_mm.video.checks import SettingFault, shown, whole
from cmvl_mm.video.motion import MotionField, grid_shape
from cmvl_mm.video.trace_steps import INVALID, Step, Steps, Trace, followed

BEFORE = 'its trace leads to a frame before the first one'

Rows = Sequence[int]


@dataclass(frozen=True, eq=False)
class AccumulatedMotion:
    """Per-pixel displacements of n frames since an earlier frame."""

    vectors: npt.NDArray[np.int16]
    """(n, H, W, 2): (dx, dy) in whole pixels, position - traced position; +x right, +y down."""
    valid: npt.NDArray[np.bool_]
    """(n, H, W): whether the whole trace consists of real vectors, none of which left the frame.

    Elsewhere ``vectors`` holds what CoViAR's rule gives: steps that cannot be followed count as no motion.
    """
    since: npt.NDArray[np.int64]
    """(n,): the frame that displacements count from; -1 where it precedes the first frame, and nothing is valid."""
    missing: tuple[str | None, ...]
    """(n,): why nothing of a frame is valid: the reason of the latest frame in its trace that has no vectors.  None if
    every frame of the trace has some."""


class Traced(NamedTuple):
    """One frame of an `AccumulatedMotion`."""

    vectors: npt.NDArray[np.int16]
    valid: npt.NDArray[np.bool_]
    since: int
    missing: str | None


def accumulate(
    motion: MotionField, *, height: int, width: int, over: int | None = None, before: Rows | None = None
) -> AccumulatedMotion:
    """Accumulate the motion of consecutive frames.

    Args:
        motion: vectors of n consecutive frames.
        height: height of the frames in pixels, at most 8192; likewise ``width``.
        over: number of frames that a displacement spans; None: since the last I-frame.
        before: (n,) for each frame, the earlier frame that all its vectors refer to, counted from 0; -1 if that frame
            is not among the n.  None: always the frame before.

    Returns:
        `AccumulatedMotion` of the n frames; ``since`` counts them from 0.  An I-frame counts from itself, so its
        displacement is 0.  A trace that begins before the first frame of ``motion`` or crosses an I-frame is invalid.
        Where vectors refer further back than one frame, a trace ends at its first frame at least ``over`` frames back.

    Raises:
        ValueError: the sizes do not fit the field's grid, ``over`` is not a whole number of at least 1, or ``before``
            names a frame that is not earlier.
    """
    if not isinstance(motion, MotionField):
        raise TypeError(
            f'accumulate needs a MotionField, not {type(motion).__name__}. Remedy: pass video.read(motion=...).motion.'
        )
    height, width = whole('height', height, least=1), whole('width', width, least=1)
    over = None if over is None else whole('over', over, least=1)
    count = len(motion.valid)
    rows = range(-1, count - 1) if before is None else _rows(before, count)
    vectors = np.empty((count, height, width, 2), np.int16)
    valid = np.empty((count, height, width), np.bool_)
    since, missing = np.empty(count, np.int64), list[str | None]()
    traces = accumulated(motion, height=height, width=width, over=over, before=rows, numbers=range(count))
    for number, traced in enumerate(traces):
        vectors[number], valid[number], since[number] = traced[:3]
        missing.append(traced.missing)
    return AccumulatedMotion(vectors, valid, since, tuple(missing))


def _rows(before: Rows, count: int) -> list[int]:
    """Check ``before``.  Raises SettingFault."""
    remedy = f'Give a number for each of {count} frames, -1 or that of a frame before it'
    if not isinstance(before, Sequence | np.ndarray):
        raise SettingFault(f'before is {shown(before)}', remedy)
    rows = [whole('a number in before', row, least=-1) for row in before]
    if len(rows) != count or any(row >= number for number, row in enumerate(rows)):
        raise SettingFault(f'before is {shown(before)}', remedy)
    return rows


def accumulated(
    motion: MotionField, *, height: int, width: int, over: int | None, before: Rows, numbers: Rows
) -> Iterator[Traced]:
    """`accumulate` frame by frame, for long videos and for rows that are not consecutive.

    Args:
        before: (n,) the earlier row that the vectors of each row refer to, or -1.
        numbers: (n,) display index of each row, ascending; ``over`` counts in these.

    ``since`` of each result is a row.
    """
    if motion.valid.shape[1:] != grid_shape(height, width, motion.block):
        raise ValueError(
            f'frames of {width}x{height} px have {grid_shape(height, width, motion.block)} cells of {motion.block} px, '
            f'but the field has {motion.valid.shape[1:]}. Remedy: give the height and width of the video.'
        )
    steps = Steps(height, width, motion.block)
    chains = _since_i_frame(motion, steps, before) if over is None else _over(motion, steps, before, numbers, over)
    for trace, since, missing in chains:
        yield Traced(*steps.displacement(trace), since, missing)


class _Chain(NamedTuple):
    """All traces of one frame."""

    trace: Trace
    since: int
    missing: str | None


def _since_i_frame(motion: MotionField, steps: Steps, before: Rows) -> Iterator[_Chain]:
    outside = _Chain(steps.home | INVALID, -1, BEFORE)
    uses = Counter(before)
    held: dict[int, _Chain] = {}  # kept while a later frame still refers to it
    for row, (vectors, valid) in enumerate(zip(motion.vectors, motion.valid, strict=True)):
        source = held.get(before[row], outside)
        if motion.missing[row] == I_FRAME:
            chain = _Chain(steps.home, row, None)
        else:
            trace = followed(source.trace, steps.of(vectors, valid))
            chain = _Chain(trace, source.since, motion.missing[row] or source.missing)
        if uses[row]:
            held[row] = chain
        uses[before[row]] -= 1
        if not uses[before[row]]:
            held.pop(before[row], None)
        yield chain


def _over(motion: MotionField, steps: Steps, before: Rows, numbers: Rows, length: int) -> Iterator[_Chain]:
    recent: dict[int, Step] = {}  # of rows that a trace may still pass through
    for row, (vectors, valid) in enumerate(zip(motion.vectors, motion.valid, strict=True)):
        begin = numbers[row] - length
        for old in [old for old in recent if numbers[old] <= begin]:
            del recent[old]
        recent[row] = steps.of(vectors, valid)
        through, since = [row], before[row]
        while since >= 0 and numbers[since] > begin:
            through.append(since)
            since = before[since]
        trace = steps.home if since >= 0 else steps.home | INVALID
        for each in reversed(through):
            trace = followed(trace, recent[each])
        reasons = [motion.missing[each] for each in through] + [BEFORE if since < 0 else None]
        yield _Chain(trace, since, next((reason for reason in reasons if reason), None))


def accumulated_residual(
    frames: npt.NDArray[np.uint8], references: npt.NDArray[np.uint8], vectors: npt.NDArray[np.int16]
) -> npt.NDArray[np.int16]:
    """CoViAR's accumulated residual: pixels minus the pixels of an earlier frame at the traced positions.

    This is a difference of pictures, as in the published loader, not the residual of the stream (`ResidualField`).

    Args:
        frames: (n, H, W, channels).
        references: same shape; for each frame, the frame that its displacement counts from.
        vectors: (n, H, W, 2), as in `AccumulatedMotion`.

    Returns:
        (n, H, W, channels), -255 to 255.
    """
    _, height, width, _ = frames.shape
    y, x = np.mgrid[:height, :width]
    residual = frames.astype(np.int16)
    for number, moved in enumerate(vectors):
        residual[number] -= references[number][y - moved[..., 1], x - moved[..., 0]]
    return residual
