"""Draw motion vectors over a video part by part, so that a long video is never read completely."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.browser_video import write_browser_video
from cmvl_mm.video.source_frames import SourceFrames
from cmvl_mm.video.times import DEFAULT_FPS
from cmvl_mm.visualization.arrows import draw_vectors
from cmvl_mm.web.errors import BadRequest

BLOCK = 16  # px of a cell, with one arrow each; smaller arrows could not be distinguished
PART = 64  # frames drawn at once
_AT_ONCE = 8  # frames in memory
_SHORT_SIDE = 480  # px; smaller pictures are drawn larger


@dataclass(frozen=True)
class Part:
    """Facts about a video and one of its parts, for the page."""

    codec: str
    width: int
    height: int
    fps: float
    """Frame rate of the drawn part; 25 if the file has neither times nor a rate."""
    num_frames: int
    number: int
    """Number of the part, counted from 0."""
    first: int
    """Display index of the part's first frame."""
    missing: tuple[str | None, ...]
    """For each frame of the part the reason why it has no vectors; None if it has some."""

    @property
    def parts(self) -> int:
        """Number of parts of the whole video."""
        return -(-self.num_frames // PART)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason and its number of frames, the most frequent first."""
        said = [reason for reason in self.missing if reason is not None]
        return sorted(((reason, said.count(reason)) for reason in set(said)), key=lambda one: (-one[1], one[0]))


def describe_part(path: Path, number: int) -> Part:
    """Read the vectors of a part without pixels.

    Raises:
        VideoError: the file cannot be read, or its codec has no vectors.
        BadRequest: the part does not exist.
    """
    with CompressedVideo(path, block=BLOCK) as video:
        first, last = _bounds(video, number)
        motion = video.read(motion=range(first, last)).motion
        return Part(
            codec=video.codec,
            width=video.width,
            height=video.height,
            fps=video.fps or DEFAULT_FPS,
            num_frames=video.num_frames,
            number=number,
            first=first,
            missing=motion.missing,
        )


def write_drawn(path: Path, number: int, out: Path, kind: str) -> None:
    """Write a part with its vectors as a browser's video of constant rate: frame i is shown at i / fps.

    Raises:
        VideoError: the file cannot be read, or its codec has no vectors.
        BadRequest: the part does not exist.
    """
    with SourceFrames(str(path), None) as source:
        orientation = source.orientation
    with CompressedVideo(path, block=BLOCK) as video:
        first, last = _bounds(video, number)
        fps = video.fps or DEFAULT_FPS
        pictures = (
            (index / fps, _even(orientation.upright(picture)))
            for index, picture in enumerate(_drawn(video, first, last))
        )
        write_browser_video(pictures, out, kind, gop=12)


def _bounds(video: CompressedVideo, number: int) -> tuple[int, int]:
    first = number * PART
    if not 0 <= first < video.num_frames:
        raise BadRequest(f'part {number}: the video has {-(-video.num_frames // PART)} parts', 404)
    return first, min(first + PART, video.num_frames)


def _drawn(video: CompressedVideo, first: int, last: int) -> Iterator[npt.NDArray[np.uint8]]:
    scale = max(1, _SHORT_SIDE // min(video.width, video.height))
    for begin in range(first, last, _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, last))
        frames = video.read(rgb=numbers, motion=numbers)
        for picture, vectors, valid in zip(frames.rgb, frames.motion.vectors, frames.motion.valid, strict=True):
            yield draw_vectors(picture, vectors, valid, block=BLOCK, scale=scale)


def _even(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The picture without its last row and column where their number is odd, which 4:2:0 cannot hold."""
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: max(2, height - height % 2), : max(2, width - width % 2)])
