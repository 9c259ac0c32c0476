"""An open video and its properties: size, codec, times, key frames, types of frames."""

from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from cmvl_mm.video.checks import about, flag, whole
from cmvl_mm.video.colour import Colour, container_tags
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.metadata import VideoMetadata, keyframe_interval, turn_of
from cmvl_mm.video.motion import default_block
from cmvl_mm.video.picture_types import letters
from cmvl_mm.video.pixels import RgbWriter
from cmvl_mm.video.seconds import Presentation
from cmvl_mm.video.source import Source, Video
from cmvl_mm.video.times import mean_rate


class VideoFile:
    """One open video.  Arguments and errors are those of `CompressedVideo`."""

    def __init__(self, video: Video, block: int | None, keep_index: bool) -> None:
        source = Source(video)
        self._source, self.path = source, source.name
        """Path of the file; ``<bytes>``, or the type of the file object, if there is none."""
        with about(self.path, 'motion'):
            self._block = None if block is None else whole('block', block, least=1)
        with about(self.path, 'open'):
            keep_index = flag('keep_index', keep_index)
        if keep_index and source.path is None:
            raise VideoError(
                self.path, 'open', 'an index can be kept only beside a file', 'Pass a path, or leave out keep_index'
            )
        self._decoder = FrameDecoder(source, keep_index)
        self.height: int = self._decoder.height
        """Height in pixels of the coded picture as the bitstream crops it: not rotated, and without a crop of the
        container (`clap` in .mp4, `PixelCrop…` in Matroska), which PyAV 18.1.0 does not show."""
        self.width: int = self._decoder.width
        """Width in pixels, likewise."""
        stream = self._decoder.stream
        self.codec = codec_name(stream)
        """FFmpeg's name of the codec: ``mpeg4``, ``h264``, ``hevc``, ..."""
        self._tags = container_tags(stream)
        self._pixels = RgbWriter(self.path, self._tags, self.codec)
        self._colour: Colour | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; later reads raise an error."""
        self._decoder.close()

    def __len__(self) -> int:
        return self.num_frames

    @property
    def num_frames(self) -> int:
        """Number of frames that a plain decode shows; never the header's count."""
        return self._decoder.num_frames

    @cached_property
    def block(self) -> int:
        """Edge of the motion grid's cells in pixels."""
        if self._block is not None:
            return self._block
        # For MPEG-4 Part 2, only files from cmvl prepare are proven regular.
        return default_block(self.codec, self.codec == 'mpeg4' and self._decoder.is_regular)

    @property
    def fps(self) -> float:
        """Mean frames per second, by the frames' times; 0 if there are no times and the container states no rate.

        If the times keep the stated rate to within their rounding, it is that rate.
        """
        decoder = self._decoder
        return float(mean_rate(decoder.stamps, decoder.time_base, decoder.stated_rate) or 0)

    @property
    def timestamps(self) -> npt.NDArray[np.float64]:
        """(num_frames,) seconds at which frames are shown, by the stream's time stamps; they need not begin at 0.

        NaN if the stream has no usable time stamps: raw streams, some .avi with B-frames, stamps out of order.
        """
        return self._presentation.timestamps(self.num_frames)

    @property
    def duration(self) -> float:
        """Seconds from the first frame's time to the end of the last, which lasts as long as the one before it.

        NaN if ``timestamps`` are, and for a single frame without a stated rate.
        """
        return self._presentation.duration

    def index_at(self, seconds: float) -> int:
        """The display index of the frame that is shown at a time, which counts like ``timestamps``.

        Raises:
            FrameIndexError: no frame is shown then: the time is before the first frame or after the end of the last.
            SettingError: ``seconds`` is not a number.
            VideoError: stage ``index``, if the stream has no usable time stamps.
        """
        return self._presentation.index_at(seconds)

    @cached_property
    def metadata(self) -> VideoMetadata:
        """Codec, size, rate, rotation, key frames and more; decodes frame 0.

        Raises:
            VideoError: the key frames or frame 0 cannot be read.
        """
        keyframes, num_frames = self.keyframes, self.num_frames
        frame = self._first_frame()
        rotation, mirrored = turn_of(frame)
        return VideoMetadata(
            container=self._decoder.container_format,
            tracks=self._decoder.tracks,
            codec=self.codec,
            profile=self._decoder.profile,
            width=self.width,
            height=self.height,
            pixel_format=frame.format.name,
            fps=self.fps,
            num_frames=num_frames,
            rotation=rotation,
            mirrored=mirrored,
            interlaced=bool(frame.interlaced_frame),
            has_b_frames=self._decoder.has_b_frames,
            keyframe_interval=keyframe_interval(keyframes, num_frames),
        )

    @property
    def colour(self) -> Colour:
        """Matrix and range that convert frame 0 to RGB, and who states them (docs/colours.md); decodes it once."""
        if self._colour is None:
            self._colour = self._pixels.colour(self._first_frame())
        return self._colour

    @property
    def proven_regular(self) -> bool:
        """Whether headers alone prove which packet gives which frame; if not, each process decodes the file once."""
        return self._decoder.index is not None

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """(n,) display indices of the key frames, sorted: pictures that are flagged as key frames and decode alone."""
        return self._decoder.keyframes()

    @property
    def frame_types(self) -> str:
        """``I``, ``P`` or ``B`` for every displayed frame; costs one full decode, once."""
        return letters(self._decoder.pictures())

    def _first_frame(self) -> VideoFrame:
        (asked,) = self._decoder.frames({0}, frozenset())
        assert asked.frame is not None
        return asked.frame

    @cached_property
    def _presentation(self) -> Presentation:
        decoder = self._decoder
        return Presentation(self.path, decoder.stamps, decoder.time_base, decoder.stated_rate)
