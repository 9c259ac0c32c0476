"""Motion vectors drawn over a video, part by part: a long video is never read as a whole."""

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

BLOCK = 16  # px of a cell: one arrow each; smaller ones could not be told apart
PART = 64  # frames that are drawn at once
_AT_ONCE = 8  # frames in memory
_SHORT_SIDE = 480  # px; smaller pictures are drawn larger


@dataclass(frozen=True)
class Part:
    """What the page says of a video and of one part of it."""

    codec: str
    width: int
    height: int
    fps: float
    """By which the drawn part plays; 25 where the file states neither times nor a rate."""
    num_frames: int
    number: int
    """Of the part, from 0."""
    first: int
    """Display index of its first frame."""
    missing: tuple[str | None, ...]
    """Of each frame of the part: why it has no vectors; None where it has some."""

    @property
    def parts(self) -> int:
        """Of the whole video."""
        return -(-self.num_frames // PART)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason and its number of frames, the most frequent first."""
        said = [reason for reason in self.missing if reason is not None]
        return sorted(((reason, said.count(reason)) for reason in set(said)), key=lambda one: (-one[1], one[0]))


def describe_part(path: Path, number: int) -> Part:
    """Read a part's vectors, no pixels.

    Raises:
        VideoError: the file cannot be read, or its codec has no vectors.
        BadRequest: the video has no such part.
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
        BadRequest: the video has no such part.
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
        raise BadRequest(f'part {number}: the video has {-(-video.num_frames // PART)}', 404)
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
