"""One open video file, and what is known of its frames: number, times, types and positions in the stream."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

from cmvl_mm.video.choice import video_streams
from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.exact import ExactReader
from cmvl_mm.video.file_readers import FileReaders
from cmvl_mm.video.index import PacketIndex
from cmvl_mm.video.pyav import fraction
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular_reader import RegularReader
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.source import Source, as_source
from cmvl_mm.video.times import usable
from cmvl_mm.video.truth import NO_STAMP, Truth


class KnownFrames:
    """One open video file.

    If the stream is proven regular (regular.py), its packets are its index (regular_reader.py).  All other streams are
    decoded once for their index, and later reads are compared with it (exact.py).

    Args:
        video: the path of the file, or another source.
        keep_index: write the index next to the file if the stream must be decoded for it.
    """

    def __init__(self, video: str | Source, keep_index: bool = False) -> None:
        self._source = as_source(video)
        self.path = self._source.name
        self._readers = FileReaders(self._source, keep_index)
        self._first = self._readers.first
        # Copied once: reading an irregular stream closes this container, and PyAV would read freed memory.
        stream = self.stream
        self.time_base = fraction(stream.time_base)
        self.stated_rate = fraction(stream.average_rate or stream.guessed_rate)
        self.container_format: str = self._first.container.format.name
        self.tracks = len(video_streams(self.path, self._first.container))
        self.profile: str | None = stream.codec_context.profile
        context = stream.codec_context
        self.height: int = context.height
        self.width: int = context.width
        self.codec = codec_name(self.stream)
        self._reader: RegularReader | ExactReader | None = None

    @property
    def stream(self) -> VideoStream:
        return self._first.stream

    @property
    def source(self) -> StreamReader:
        """The first reader of the file."""
        return self._first

    def close(self) -> None:
        self._first.close()
        if self._reader is not None:
            self._reader.close()

    @property
    def reader(self) -> RegularReader | ExactReader:
        """The reader, created at first use with the index of the stream."""
        if self._reader is None:
            self._first.check_open()
            with reporting(self.path, 'index'):
                self._reader = self._readers.regular() or self._readers.exact()
        return self._reader

    @property
    def is_regular(self) -> bool:
        """Whether the stream is proven regular; this check decodes nothing."""
        if self._reader is None:
            self._first.check_open()
            with reporting(self.path, 'index'):
                self._reader = self._readers.regular()
        return isinstance(self._reader, RegularReader)

    @property
    def index(self) -> PacketIndex | None:
        """The index of a stream that is proven regular; None for other streams, which have a `truth`."""
        return self.reader.index if isinstance(self.reader, RegularReader) else None

    @property
    def truth(self) -> Truth | None:
        """The truth of a stream that is not proven regular; None for others."""
        return self.reader.truth if isinstance(self.reader, ExactReader) else None

    @property
    def _index(self) -> PacketIndex | Truth:
        return self.reader.index if isinstance(self.reader, RegularReader) else self.reader.truth

    @property
    def num_frames(self) -> int:
        return self._index.num_frames

    @property
    def notes(self) -> dict[str, Any]:
        """Other data about the file in its present state; shared by all who open it in this process."""
        return self._index.notes

    @property
    def position(self) -> npt.NDArray[np.int64]:
        """(num_frames,) position of each displayed frame in decoding order, counted in packets; -1 if unknown."""
        return self._index.position

    @property
    def types(self) -> npt.NDArray[np.integer] | None:
        """(num_frames,) FFmpeg's picture types, if they are known without further decoding; else None."""
        return self._index.types

    @property
    def has_b_frames(self) -> bool:
        """Whether any frame is a B-frame; decodes nothing if the stream is proven regular."""
        return self._index.has_b_frames

    @property
    def stamps(self) -> Sequence[int] | None:
        """(num_frames,) presentation time stamps in display order, strictly increasing; None if there are none."""
        index = self._index
        if isinstance(index, PacketIndex):
            return index.stamps
        # AVI stores none: with B-frames they differ from decoding stamps, and FFmpeg's guess is often wrong.
        if self.container_format == 'avi' and index.has_b_frames:
            return None
        return usable([None if stamp == NO_STAMP else stamp for stamp in index.frames['stamp'].tolist()])

    def keyframes(self) -> npt.NDArray[np.int64]:
        """(n,) display indices of the key frames.

        Raises:
            VideoError: stage ``index``, if there is no key frame.
        """
        reader, keyframes = self.reader, self._index.keyframes
        if keyframes is None:
            assert isinstance(reader, ExactReader)
            with reporting(self.path, 'index'):
                keyframes = reader.keyframes()
            reader.truth = reader.truth.with_keyframes(keyframes)
            self._readers.learn(reader.truth, is_new=True)
        if not len(keyframes):
            raise VideoError(self.path, 'index', 'the stream has no key frame that decodes alone')
        return keyframes.copy()
