"""Read a few seconds of a video as upright pictures, small enough for a page."""

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from cmvl_mm.video.colour import container_tags
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.container import open_video, packets_with_data
from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.display import Orientation, display_size, orientation_of
from cmvl_mm.video.errors import NO_FRAMES, VideoError
from cmvl_mm.video.strict_decoding import decode_strictly
from cmvl_mm.video.times import DEFAULT_FPS

_CLOSE = 1e-3  # seconds; times of a features file are floats


class Shown(NamedTuple):
    """A picture and its time."""

    seconds: float
    """Seconds since the video's first frame."""
    picture: npt.NDArray[np.uint8]
    """(H, W, 3) RGB, upright, square pixels, even sides."""


def read_excerpt(path: str, start: float, end: float, *, short_side: int) -> Iterator[Shown]:
    """The pictures from `start` until before `end`, in seconds after the video's first frame.

    If the container can seek, the decoder starts at the key frame before them. The pictures are only for viewing:
    frames that FFmpeg concealed are shown as they are, and missing times are computed from the frame rate.

    Args:
        path: path of the video.
        start, end: seconds.
        short_side: largest short side in pixels; smaller pictures keep their size.

    Raises:
        VideoError: the file cannot be opened or decoded, or has no pictures at that time.
    """
    count = 0
    for sought in (True, False) if start > 0 else (False,):
        with closing(_Pass(path, short_side)) as one:
            for shown in one.frames(start if sought else 0):
                if shown.seconds >= end - _CLOSE:
                    break
                if sought and not count and shown.seconds > start + _CLOSE:
                    break  # the seek landed after the start; read from the beginning
                if shown.seconds >= start - _CLOSE:
                    count += 1
                    yield one.pictured(shown)
        if count:
            return
    raise VideoError(path, 'decode', f'the video shows no frame from {start:.2f} s to {end:.2f} s', NO_FRAMES)


class _Timed(NamedTuple):
    seconds: float
    frame: VideoFrame


class _Pass:
    """One open file."""

    def __init__(self, path: str, short_side: int) -> None:
        self._path = path
        self._container, self._stream = open_video(path)
        self._colours = ColourReader(path, container_tags(self._stream), codec_name(self._stream))
        self._converter = VideoReformatter()
        self._short_side = short_side
        self._orientation = Orientation()
        self._size: tuple[int, int] | None = None

    def close(self) -> None:
        self._container.close()

    def frames(self, start: float) -> Iterator[_Timed]:
        """Frames from the key frame before `start`, or from the first frame."""
        stream = self._stream
        first = next(self._decode(), None)
        if first is None:
            return
        self._prepare(first)
        rate = stream.average_rate or stream.guessed_rate or Fraction(DEFAULT_FPS)
        base = stream.time_base
        if first.pts is None or base is None:
            self._reopen()
            for number, frame in enumerate(self._decode()):
                yield _Timed(float(number / rate), frame)
            return
        if start > 0:
            try:
                self._container.seek(first.pts + int(start / base), stream=stream)
            except FFmpegError:
                return
        else:
            self._reopen()
        for frame in self._decode():
            if frame.pts is not None:
                yield _Timed(float((frame.pts - first.pts) * base), frame)

    def pictured(self, timed: _Timed) -> Shown:
        """The frame as it will be shown."""
        assert self._size is not None
        width, height = self._size
        coded = (height, width) if self._orientation.transposed else (width, height)
        rgb = self._colours.rgb(timed.frame)  # before the frame is scaled down, which loses colour columns of 4:2:0
        small = self._converter.reformat(rgb, width=coded[0], height=coded[1], format='rgb24', threads=1)
        picture = small.to_ndarray().astype(np.uint8, copy=False)
        return Shown(timed.seconds, np.ascontiguousarray(self._orientation.upright(picture)))

    def _decode(self) -> Iterator[VideoFrame]:
        """Frames in display order, without damaged frames at the start: after a seek these lack their references."""
        sound = False
        for item in decode_strictly(self._path, self._stream, packets_with_data(self._container, self._stream)):
            sound = sound or not item.damaged
            if sound:
                yield item.frame

    def _reopen(self) -> None:
        self._container.close()
        self._container, self._stream = open_video(self._path)

    def _prepare(self, frame: VideoFrame) -> None:
        try:
            self._orientation = orientation_of(frame)
        except ValueError as error:
            raise VideoError(self._path, 'decode', str(error)) from error
        shape = self._stream.sample_aspect_ratio or self._stream.codec_context.sample_aspect_ratio
        width, height = display_size(frame.width, frame.height, shape, self._orientation)
        scale = min(1.0, self._short_side / min(width, height))
        self._size = even(width * scale), even(height * scale)


def even(side: float) -> int:
    """The nearest even number, at least 2, as H.264 in 4:2:0 requires."""
    return max(2, 2 * round(side / 2))
