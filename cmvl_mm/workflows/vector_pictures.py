"""Draw motion vectors, or other data of the stream, over a video: as a video, an animated GIF or a picture."""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import I_FRAME
from cmvl_mm.video.browser_video import available_kinds, write_browser_video
from cmvl_mm.video.display import Orientation
from cmvl_mm.video.gif import MOST_A_SECOND, write_gif
from cmvl_mm.video.own_source import refuse_own_source
from cmvl_mm.video.png import write_png
from cmvl_mm.video.replacing import replacing
from cmvl_mm.video.runs import runs_of_frames
from cmvl_mm.video.source_frames import SourceFrames
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.visualization.caption import captioned
from cmvl_mm.workflows.drawn_layers import Layer, draw_run, legend_of, title_of
from cmvl_mm.workflows.frame_span import frame_span
from cmvl_mm.workflows.vectors_written import VectorsWritten

SHORT_SIDE = 480  # px: smaller pictures are drawn larger
_AT_ONCE = 200_000_000  # bytes of pictures read together
_LONGEST_REASON = 60  # letters


class DrawingError(ValueError):
    """Vectors cannot be drawn as requested.

    Args:
        path: path of the result.
        reason: what is wrong.
        remedy: the remedy, without a full stop.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = os.fspath(path), reason, remedy
        super().__init__(self.path, reason, remedy)

    def __str__(self) -> str:
        return f'{self.path}: {self.reason}. Remedy: {self.remedy}.'


def draw_video(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    frames: range | None = None,
    block: int = 16,
    scale: int | None = None,
    fps: float | None = None,
    layer: Layer = 'vectors',
    progress: Callable[[int], object] = lambda count: None,
) -> VectorsWritten:
    """Write a video in which each frame is dimmed and upright, with its vectors drawn by `draw_vectors`.

    A strip below each picture shows the frame's number, its time, and why it has no vectors. It also shows a circle of
    the colours of directions and a bar as long as a movement of 10 px, or the values of another layer's colours. The
    strip calls residuals that are not exact an estimate.

    Args:
        out: .mp4 (H.264, plays in browsers), .gif, or .png of the first frame.
        frames: display indices, in steps of one; None takes all.
        block: edge of a cell, pixels; each cell has one arrow.
        scale: output pixels per source pixel; None takes the smallest scale with a short side of 480 px or more.
        fps: frames per second; None keeps the frames' times.
        layer: what is drawn: 'vectors', 'residual' (luma), 'accumulated' motion since the I-frame, the 'energy' of the
            residual on patches of 16 px, or 'quantisers'.
        progress: function called for each drawn frame; frames of a GIF are drawn twice.

    Returns:
        The number of frames, and how many of them show nothing for which reason.

    Raises:
        DrawingError: the suffix is another, there is no encoder, the video has no times, or a GIF cannot play so many
            frames per second.
        VideoError: the file cannot be read, or has no vectors; FrameIndexError outside the video; SettingError where
            ``out`` is the video itself.
    """
    target = Path(out)
    kind = target.suffix.lower()
    if kind not in ('.mp4', '.gif', '.png'):
        raise DrawingError(out, f'{kind or "no suffix"} is not one of .mp4, .gif and .png', 'choose one of them')
    if kind == '.mp4' and 'mp4' not in available_kinds():
        raise DrawingError(out, "PyAV's FFmpeg has no H.264 encoder", 'write a .gif')
    refuse_own_source(path, out)
    with SourceFrames(os.fspath(path), None) as source:
        orientation = source.orientation
    with CompressedVideo(path, block=block) as video:
        wanted = frame_span(video, frames)
        if not len(wanted):
            raise DrawingError(
                out, f'frames {wanted.start}:{wanted.stop} are an empty range', 'choose at least one frame'
            )
        if kind == '.png':
            wanted = wanted[:1]
        times = _times(video, wanted, fps, out, most=MOST_A_SECOND if kind == '.gif' else None)
        enlarged = scale or max(1, math.ceil(SHORT_SIDE / min(video.height, video.width)))

        missing: dict[int, str | None] = {}

        def pictures() -> Iterator[tuple[float, npt.NDArray[np.uint8]]]:
            for seconds, drawn in zip(times, _drawn(video, wanted, layer, enlarged, orientation), strict=True):
                missing[drawn.number] = drawn.missing
                yield seconds, drawn.picture
                progress(1)

        with replacing(target) as temporary:
            if kind == '.gif':
                write_gif(pictures, temporary)
            elif kind == '.png':
                write_png(next(iter(pictures()))[1], temporary)
            else:
                write_browser_video(((at, _even(picture)) for at, picture in pictures()), temporary, 'mp4')
    return VectorsWritten.of(missing.values())


def _times(
    video: CompressedVideo, wanted: range, fps: float | None, out: str | os.PathLike[str], most: int | None
) -> list[float]:
    """Seconds at which each frame of the result is shown, starting at 0."""
    if fps is not None:
        times = np.arange(len(wanted)) / fps
    else:
        stamps = video.timestamps[wanted.start : wanted.stop]
        if not np.isnan(stamps).any():
            times = stamps - stamps[0]
        elif video.fps:
            times = np.arange(len(wanted)) / video.fps
        else:
            raise DrawingError(out, f'{video.path} has neither timestamps nor a frame rate', 'pass --fps')
    if most is not None and len(times) > 1 and np.diff(times).mean() < 0.999 / most:
        rate = 1 / np.diff(times).mean()
        raise DrawingError(out, f'{rate:.4g} frames per second, but a GIF plays at most {most}', f'pass --fps {most}')
    return times.tolist()


class _Drawn(NamedTuple):
    number: int
    picture: npt.NDArray[np.uint8]
    missing: str | None


def _drawn(
    video: CompressedVideo, wanted: range, layer: Layer, scale: int, orientation: Orientation
) -> Iterator[_Drawn]:
    together = max(1, min(64, _AT_ONCE // (3 * video.height * video.width)))
    stamps = video.timestamps
    keys = video.keyframes
    title, legend = title_of(video, layer), legend_of(video, layer, scale, orientation)
    for run in runs_of_frames(wanted.start, wanted.stop, keys, together):
        for number, (picture, reason) in zip(run, draw_run(video, run, layer, scale), strict=True):
            text = f'FRAME {number}'
            if not np.isnan(stamps[number]):
                text += f'  {stamps[number]:.2f} S'
            if title:
                text += f'  {title}'
            if reason is not None:
                text += f'  {_short(reason)}'
            upright = orientation.upright(picture)
            yield _Drawn(number, captioned(upright, text, legend=legend), reason)


def _short(reason: str) -> str:
    if reason == I_FRAME:
        return 'I-frame: no vectors'
    return f'no vectors: {reason}'[:_LONGEST_REASON]


def _even(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Add a black row or column where their number is odd, which 4:2:0 does not allow."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)))
