"""Frames, motion vectors and I-frames of a compressed video, by display index."""

import operator
import os
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from cmvl_mm.video.colour import Colour, container_tags
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.container import CODECS_WITH_VECTORS, codec_name, reporting
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import FrameIndexError, VideoError
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.frames import Frames
from cmvl_mm.video.painter import Painter
from cmvl_mm.video.pyav import fraction
from cmvl_mm.video.times import mean_rate

Indices = Sequence[int] | npt.NDArray[np.integer]

# AVPictureType -> letter: I P B, then S (MPEG-4 sprite), SI, SP, BI by what they predict from.
_PICTURE_TYPES = {1: 'I', 2: 'P', 3: 'B', 4: 'P', 5: 'I', 6: 'P', 7: 'B'}


class CompressedVideo:
    """Random access to the frames and motion vectors of one video file.

    Args:
        path: a regular file in any container that FFmpeg reads.
        block: edge of the motion grid's cells in pixels: 16 loses nothing on the MPEG-4 Part 2 that
            cmvl prepare writes, 8 nothing on H.264.

        keep_index: write the index of a stream that must be decoded for it beside the file (``PATH.index.npz``).

    A plain decode from start to end defines the frames of a file: their number, order, types, key frames and vectors.
    Opening decodes nothing.  Files of cmvl prepare, and most H.264 in .mp4, .mov and Matroska, are proven by
    their headers to be regular, and are never decoded for their index.  All others are, at the first access, once in a
    process, which is logged with its cost; what is read of them is compared with that decode, frame by frame.

    Rotation metadata is applied to neither frames nor vectors: both stay in coded orientation.

    Raises:
        VideoError: stage ``open`` from the constructor, other stages from the properties and methods.
    """

    def __init__(self, path: str | os.PathLike[str], block: int = 8, *, keep_index: bool = False) -> None:
        if block < 1:
            raise ValueError(f'block is an edge in pixels, at least 1; got {block}')
        self.path = os.fspath(path)
        self.block = block
        self._decoder = FrameDecoder(self.path, keep_index)
        self._facts = VectorFacts(self._decoder)
        # What frame.to_ndarray(format='rgb24') does, but that sets up a converter and its threads for every
        # frame.
        self._converter = VideoReformatter()
        self.height: int = self._decoder.height
        """Pixels, of the displayed picture, not rotated."""
        self.width: int = self._decoder.width
        """Pixels, likewise."""
        stream = self._decoder.stream
        self.codec = codec_name(stream)
        """FFmpeg's name of the format: ``mpeg4``, ``h264``, ``hevc``, ..."""
        self._colours = ColourReader(self.path, container_tags(stream), self.codec)
        self._colour: Colour | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; a later read is an error."""
        self._decoder.close()

    @property
    def fps(self) -> float:
        """Mean frames per second, by the frames' times; 0 where there are no times and the container states no rate.

        Where the times keep the stated rate to within their rounding, it is that rate.
        """
        stamps, stream = self._decoder.stamps, self._decoder.stream
        stated = fraction(stream.average_rate or stream.guessed_rate)
        return float(mean_rate(stamps, fraction(stream.time_base), stated) or 0)

    @property
    def timestamps(self) -> npt.NDArray[np.float64]:
        """(num_frames,) seconds at which frames are shown, by the container's time stamps; they need not begin at 0.

        Frame i of a file without usable ones is shown at i / fps; NaN where there is no rate either.
        """
        stamps, time_base = self._decoder.stamps, fraction(self._decoder.stream.time_base)
        if stamps is not None and time_base is not None:
            return np.array([float(stamp * time_base) for stamp in stamps])
        fps = self.fps
        return np.arange(self.num_frames) / fps if fps else np.full(self.num_frames, np.nan)

    @property
    def colour(self) -> Colour:
        """Matrix and range by which frame 0 becomes RGB, and who says so (docs/colours.md); decodes it once."""
        if self._colour is None:
            self.read(rgb=[0])
        assert self._colour is not None
        return self._colour

    @property
    def num_frames(self) -> int:
        """Frames that a plain decode shows; never the header's count."""
        return self._decoder.num_frames

    @property
    def proven_regular(self) -> bool:
        """Whether headers alone prove which packet gives which frame; if not, each process decodes the file once."""
        return self._decoder.index is not None

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        """(n,) display indices of the key frames, sorted: pictures that are flagged so and decode alone."""
        return self._decoder.keyframes()

    @property
    def frame_types(self) -> str:
        """``I``, ``P`` or ``B`` for every displayed frame; costs one full decode, once."""
        # Some decoders name no type: then a key frame is an I-frame, and the rest is predicted.
        return ''.join(_PICTURE_TYPES.get(picture, 'I' if key else 'P') for picture, key in self._decoder.pictures())

    def verify(self) -> None:
        """Decode everything.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or that FFmpeg patched up.
        """
        self._decoder.pictures()

    def read(self, *, rgb: Indices = (), motion: Indices = ()) -> Frames:
        """Frames and motion vectors by display index, from one pass over each GOP that is needed.

        Args:
            rgb: display indices of the frames wanted as pixels; any order, repeats allowed.
            motion: display indices of the frames wanted as vectors; likewise.

        Returns:
            `Frames`.  ``rgb``: uint8 (len(rgb), H, W, 3) of what FFmpeg's sequential decode gives, converted as
            docs/colours.md says.  ``motion``: the `MotionField` of len(motion) frames; a vector that FFmpeg does not
            really provide is invalid, and ``missing`` says why a frame has none (docs/vectors.md).

        Raises:
            FrameIndexError: for an index below 0 or past the last frame.
            VideoError: stage ``motion`` where no vectors of the codec are known to be right; stage ``decode`` where a
                wanted frame, or one that was displayed or decoded between its key frame and it, is damaged. Without
                time stamps, nothing is read behind damage. Vectors of what cmvl prepare wrote need their
                own packet alone.
        """
        if len(motion) and self.codec not in CODECS_WITH_VECTORS:
            reason = f'FFmpeg exports no motion vectors of {self.codec} that are known to be right'
            raise VideoError(self.path, 'motion', reason)
        rgb_rows, motion_rows = self._rows(rgb), self._rows(motion)
        frames = np.empty((len(rgb), self.height, self.width, 3), np.uint8)
        painter = Painter(self._facts, len(motion), self.block)
        for number, frame in self._decoder.frames(rgb_rows.keys(), motion_rows.keys()):
            if number in rgb_rows:
                if not number:
                    self._colour = self._colours.colour(frame)
                first, *others = rgb_rows[number]
                self._copy_pixels(frame, frames[first])
                for row in others:
                    frames[row] = frames[first]
            if number in motion_rows:
                painter.add(motion_rows[number], number, frame)
        return Frames(rgb=frames, motion=painter.finish())

    def _copy_pixels(self, frame: VideoFrame, out: npt.NDArray[np.uint8]) -> None:
        """RGB into (H, W, 3), from FFmpeg's padded lines."""
        with reporting(self.path, 'decode'):
            plane = self._converter.reformat(self._colours.ready(frame), format='rgb24', threads=1).planes[0]
            lines = np.frombuffer(memoryview(plane), np.uint8).reshape(self.height, plane.line_size)
        out[:] = lines[:, : 3 * self.width].reshape(out.shape)

    def _rows(self, indices: Indices) -> dict[int, list[int]]:
        """Display index -> the rows of the result that ask for it."""
        rows: dict[int, list[int]] = {}
        num_frames = self.num_frames if len(indices) else 0
        for row, index in enumerate(indices):
            number = operator.index(index)
            if not 0 <= number < num_frames:
                raise FrameIndexError(self.path, 'index', f'frame {number} of a video of {num_frames} frames')
            rows.setdefault(number, []).append(row)
        return rows
