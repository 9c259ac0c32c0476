"""Accumulated motion of the frames of a file, each traced over as few frames as possible."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.accumulate import AccumulatedMotion, accumulated, accumulated_residual
from cmvl_mm.video.asked import Indices, is_prepared, rows_of
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.stream import CompressedVideo


@dataclass(frozen=True, eq=False)
class AccumulatedResidual:
    """CoViAR's accumulated residual of n frames."""

    rgb: npt.NDArray[np.int16]
    """(n, H, W, 3): pixels minus those of frame ``motion.since`` at the traced positions, -255 to 255."""
    motion: AccumulatedMotion
    """The traces; ``motion.valid`` says where they are real. ``rgb`` is 0 where ``since`` is -1."""


def read_accumulated(video: CompressedVideo, frames: Indices, *, over: int | None = None) -> AccumulatedMotion:
    """Accumulated motion by display index.

    Args:
        video: open; its ``block`` is the unit of tracing, and should lose nothing: 16 for prepared files, 8 for H.264.
        frames: display indices, any order, repeats allowed.
        over: displacement over this many frames; None: since the last I-frame, as in CoViAR.

    Returns:
        `AccumulatedMotion` of ``len(frames)`` frames; ``since`` holds display indices.

    Raises:
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: as `CompressedVideo.read`; stage ``motion`` where the stream has B-frames: vectors do not all refer
            to the frame before.  To know that, a file that cmvl prepare has not written is decoded once.
        ValueError: ``over`` is below 1.
    """
    if over is not None and over < 1:
        raise ValueError(f'over={over}: give a number of frames, at least 1')
    rows = rows_of(video._decoder, frames)
    shape = len(frames), video.height, video.width
    vectors, valid = np.empty((*shape, 2), np.int16), np.empty(shape, np.bool_)
    since = np.empty(len(frames), np.int64)
    for number, moved, sound, first in accumulated_frames(video, rows, over=over):
        vectors[rows[number]], valid[rows[number]], since[rows[number]] = moved, sound, first
    return AccumulatedMotion(vectors, valid, since)


def read_accumulated_residual(
    video: CompressedVideo, frames: Indices, *, over: int | None = None
) -> AccumulatedResidual:
    """CoViAR's accumulated residual by display index; arguments and errors are those of `read_accumulated`."""
    motion = read_accumulated(video, frames, over=over)
    numbers = np.array([*frames], np.int64)
    needed, places = np.unique(np.concatenate([numbers, motion.since[motion.since >= 0]]), return_inverse=True)
    pictures = video.read(rgb=needed).rgb
    references = np.arange(len(numbers))  # of itself, where there is none
    references[motion.since >= 0] = places[len(numbers) :]
    rgb = accumulated_residual(pictures[places[: len(numbers)]], pictures[references], motion.vectors)
    rgb[motion.since < 0] = 0
    return AccumulatedResidual(rgb, motion)


def accumulated_frames(
    video: CompressedVideo, frames: Iterable[int], *, over: int | None
) -> Iterator[tuple[int, npt.NDArray[np.int16], npt.NDArray[np.bool_], int]]:
    """Of each of ``frames``, sorted and each once: display index, (H, W, 2), (H, W), and the frame counted from."""
    wanted = list(frames)
    if not wanted:
        return
    refuse_b_frames(video)
    for run, inside in _runs(wanted, video.keyframes, over):
        motion = video.read(motion=run).motion
        found = accumulated(motion, height=video.height, width=video.width, over=over)
        for number, (vectors, valid, since) in zip(run, found, strict=True):
            if number in inside:
                yield number, vectors, valid, since + run.start if since >= 0 else -1


def refuse_b_frames(video: CompressedVideo) -> None:
    """Raises `VideoError` where vectors do not all refer to the frame before, as far as frame types tell."""
    if not is_prepared(video._decoder) and 'B' in video.frame_types:
        raise VideoError(video.path, 'motion', 'it has B-frames: its vectors do not all refer to the frame before')


def _runs(frames: list[int], keyframes: npt.NDArray[np.int64], over: int | None) -> Iterator[tuple[range, set[int]]]:
    """Frames that must be read in one go, and which of them are wanted."""
    run, inside = range(0), set[int]()
    for number in frames:
        if over is None:
            before = keyframes[keyframes <= number]
            first = int(before[-1]) if len(before) else 0
        else:
            first = max(number - over, 0)
        if inside and first < run.stop:
            first = run.start
        elif inside:
            yield run, inside
            inside = set()
        run = range(first, number + 1)
        inside.add(number)
    yield run, inside
