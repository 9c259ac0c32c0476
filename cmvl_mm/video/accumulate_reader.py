"""Accumulated motion of the frames of a file, each traced over as few frames as possible."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import NO_REFERENCE
from cmvl_mm.video.accumulate import AccumulatedMotion, Traced, accumulated, accumulated_residual
from cmvl_mm.video.asked import Indices, rows_of
from cmvl_mm.video.checks import about, whole
from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.opened import check_opened
from cmvl_mm.video.past import frames_before
from cmvl_mm.video.settings import check_codec
from cmvl_mm.video.stream import CompressedVideo


@dataclass(frozen=True, eq=False)
class AccumulatedResidual:
    """CoViAR's accumulated residual of n frames."""

    rgb: npt.NDArray[np.int16]
    """(n, H, W, 3): pixels minus those of frame ``motion.since`` at the traced positions, -255 to 255."""
    motion: AccumulatedMotion
    """The traces; ``motion.valid`` says which are real. ``rgb`` is 0 where ``since`` is -1."""


def read_accumulated(video: CompressedVideo, frames: Indices, *, over: int | None = None) -> AccumulatedMotion:
    """Read accumulated motion by display index.

    A trace runs from each frame to the frame that its vectors to the past refer to: the frame before or, in streams
    with B-frames, a reference that is displayed earlier.  Where that frame cannot be determined (H.264 with several
    references), nothing is valid, and ``missing`` says so (docs/whole_stream.md).

    Args:
        video: an open video.  Its ``block`` is the unit of tracing and should lose nothing: 16 for prepared files, 8
            for H.264.
        frames: display indices, any order, repeats allowed.
        over: number of frames that a displacement spans, or up to the first frame of the trace that is further back;
            None: since the last I-frame, as in CoViAR.

    Returns:
        `AccumulatedMotion` of ``len(frames)`` frames; ``since`` holds display indices.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: as for `CompressedVideo.read`; stage ``motion`` if the frame that vectors refer to is unknown for
            all frames.  To find it, a file is decoded once unless `cmvl prepare` wrote it or headers prove it regular.
        SettingError: ``over`` is not a whole number of at least 1.
    """
    check_opened('read_accumulated', video)
    with about(video.path, 'motion'):
        over = None if over is None else whole('over', over, least=1)
    rows = rows_of(video._decoder, frames)
    shape = len(frames), video.height, video.width
    vectors, valid = np.empty((*shape, 2), np.int16), np.empty(shape, np.bool_)
    since = np.empty(len(frames), np.int64)
    missing: list[str | None] = [None] * len(frames)
    for number, traced in accumulated_frames(video, rows, over=over):
        places = rows[number]
        vectors[places], valid[places], since[places] = traced[:3]
        for place in places:
            missing[place] = traced.missing
    return AccumulatedMotion(vectors, valid, since, tuple(missing))


def read_accumulated_residual(
    video: CompressedVideo, frames: Indices, *, over: int | None = None
) -> AccumulatedResidual:
    """Read CoViAR's accumulated residual by display index; arguments and errors are those of `read_accumulated`."""
    check_opened('read_accumulated_residual', video)
    motion = read_accumulated(video, frames, over=over)
    numbers = np.array([*frames], np.int64)
    needed, places = np.unique(np.concatenate([numbers, motion.since[motion.since >= 0]]), return_inverse=True)
    pictures = video.read(rgb=needed).rgb
    references = np.arange(len(numbers))  # a frame without a reference: its own picture
    references[motion.since >= 0] = places[len(numbers) :]
    rgb = accumulated_residual(pictures[places[: len(numbers)]], pictures[references], motion.vectors)
    rgb[motion.since < 0] = 0
    return AccumulatedResidual(rgb, motion)


def accumulated_frames(
    video: CompressedVideo, frames: Iterable[int], *, over: int | None
) -> Iterator[tuple[int, Traced]]:
    """The display index and trace of each of ``frames``, which are sorted and unique; ``since`` is a display index."""
    wanted = list(frames)
    if not wanted:
        return
    check_codec(video.path, video.codec)
    before = frames_before(video._decoder, video._facts, sure=True)
    # By CoViAR's rule, a frame without a known reference has no motion since the frame displayed before it.
    source = np.where(before < 0, np.arange(-1, len(before) - 1), before)
    for needed, inside in _runs(wanted, source, video.keyframes, over):
        motion = _of_known_references(video.read(motion=needed).motion, before[needed] < 0)
        row_of = {number: row for row, number in enumerate(needed)}
        rows = [row_of.get(number, -1) for number in source[needed].tolist()]
        traces = accumulated(motion, height=video.height, width=video.width, over=over, before=rows, numbers=needed)
        for number, traced in zip(needed, traces, strict=True):
            if number in inside:
                yield number, traced._replace(since=needed[traced.since]) if traced.since >= 0 else traced


def _of_known_references(motion: MotionField, unknown: npt.NDArray[np.bool_]) -> MotionField:
    """The field without the vectors of the frames marked ``unknown``; ``missing`` gives the reason."""
    motion.vectors[unknown], motion.valid[unknown] = 0, False
    reasons = [reason or (NO_REFERENCE if lost else None) for reason, lost in zip(motion.missing, unknown, strict=True)]
    return replace(motion, missing=tuple(reasons))


def _runs(
    frames: list[int], source: npt.NDArray[np.int64], keyframes: npt.NDArray[np.int64], over: int | None
) -> Iterator[tuple[list[int], set[int]]]:
    """Sorted frames that must be read together because traces pass through them, and which of them are wanted."""
    starts = frozenset(keyframes.tolist()) if over is None else frozenset[int]()
    needed, inside = set[int](), set[int]()
    for number in frames:
        through = _trace(number, source, starts, number - over if over else None, needed)
        if needed and needed.isdisjoint(through):
            yield sorted(needed), inside
            needed, inside = set(), set()
        needed.update(through)
        inside.add(number)
    yield sorted(needed), inside


def _trace(
    number: int, source: npt.NDArray[np.int64], starts: Set[int], begin: int | None, known: Set[int]
) -> list[int]:
    """The frames of a trace from ``number`` to one of ``starts``, to ``begin`` or before, or to a ``known`` frame."""
    through = [number]
    while number not in starts and (begin is None or number > begin):
        number = int(source[number])
        if number < 0:
            break
        through.append(number)
        if begin is None and number in known:  # the rest of the trace is known, too
            break
    return through
