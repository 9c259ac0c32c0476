"""Decoded frames of a file by display index: from its proven index, or compared with a decode of the whole."""

import time
from collections.abc import Iterator, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video import index_store
from cmvl_mm.video.container import codec_name, reporting
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.exact import ExactReader
from cmvl_mm.video.frame_faults import check_size, other_size
from cmvl_mm.video.index import PacketIndex
from cmvl_mm.video.passes import Asked
from cmvl_mm.video.pyav import fraction
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular_index import find_regular_index
from cmvl_mm.video.regular_reader import RegularReader
from cmvl_mm.video.source import Source, as_source
from cmvl_mm.video.times import usable
from cmvl_mm.video.truth import NO_STAMP, Truth


class FrameDecoder:
    """One open video file.

    Where the stream is proven regular (regular.py), its packets are its index (regular_reader.py).  All other streams
    are decoded once for their index, and what is read is compared with it (exact.py).

    Args:
        video: the path of the file, or another source.
        keep_index: write the index of a stream that must be decoded for it beside the file.
    """

    def __init__(self, video: str | Source, keep_index: bool = False) -> None:
        source = as_source(video)
        self._source, self.path = source, source.name
        self._keep_index = keep_index
        # Before it is opened: what is learned of it must not be taken for another file's that replaces it meanwhile.
        self._identity = index_store.identity_of(source.path)
        self._first = StreamReader(source)
        # The header, once: reading an irregular stream closes this container, and PyAV would read freed memory.
        stream = self.stream
        self.time_base = fraction(stream.time_base)
        self.stated_rate = fraction(stream.average_rate or stream.guessed_rate)
        self.container_format: str = self._first.container.format.name
        self.profile: str | None = stream.codec_context.profile
        context = stream.codec_context
        self.height: int = context.height
        self.width: int = context.width
        self.codec = codec_name(self.stream)
        self._reader: RegularReader | ExactReader | None = None
        self._irregular = ''  # why the stream is not regular
        self._pictures: list[tuple[int, bool]] | None = None

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
        """Made at first use, with the index of the stream."""
        if self._reader is None:
            self._first.check_open()
            with reporting(self.path, 'index'):
                self._reader = self._made_reader()
        return self._reader

    @property
    def is_regular(self) -> bool:
        """Whether the stream is proven regular; to know that, nothing is decoded."""
        if self._reader is None:
            self._first.check_open()
            with reporting(self.path, 'index'):
                self._reader = self._regular_reader()
        return isinstance(self._reader, RegularReader)

    def another(self) -> 'FrameDecoder':
        """The same video once more, to be decoded at the same time; its index is known already.

        Raises:
            VideoError: stage ``open``, if it cannot be opened again, or is another file by now.
        """
        reader = self.reader
        other = FrameDecoder(self._source)
        if other._identity != self._identity:
            other.close()
            raise VideoError(self.path, 'open', 'the file has changed since it was opened', 'Open it anew')
        if isinstance(reader, RegularReader):
            other._reader = RegularReader(other._first, reader.index)
        else:
            other._first.rewind()
            opened = other._first.container, other._first.stream
            other._reader = ExactReader(self._source, opened, reader.truth)
        return other

    @property
    def index(self) -> PacketIndex | None:
        """Of a stream that is proven regular; None for all others, of which `truth` is known."""
        return self.reader.index if isinstance(self.reader, RegularReader) else None

    @property
    def truth(self) -> Truth | None:
        """Of a stream that is not proven regular."""
        return self.reader.truth if isinstance(self.reader, ExactReader) else None

    @property
    def _index(self) -> PacketIndex | Truth:
        return self.reader.index if isinstance(self.reader, RegularReader) else self.reader.truth

    @property
    def num_frames(self) -> int:
        return self._index.num_frames

    @property
    def notes(self) -> dict[str, Any]:
        """What else is known of the file as it is now; shared by all who open it in this process."""
        return self._index.notes

    @property
    def position(self) -> npt.NDArray[np.int64]:
        """(num_frames,) place of each displayed frame in decoding order, counted in packets; -1 where unknown."""
        index = self._index
        return index.position if isinstance(index, PacketIndex) else index.frames['position']

    @property
    def types(self) -> npt.NDArray[np.integer] | None:
        """(num_frames,) FFmpeg's picture types, where they are known without decoding more than the index took."""
        index = self._index
        if not isinstance(index, PacketIndex):
            return index.frames['type']
        if not index.from_header:
            return None
        types = np.full(index.num_frames, int(PictureType.P))
        types[index.keyframes] = int(PictureType.I)
        return types

    @property
    def has_b_frames(self) -> bool:
        """Whether any frame is a B-frame, without decoding what is proven regular."""
        index = self._index
        if isinstance(index, PacketIndex):
            return index.has_b_frames
        return bool((index.frames['type'] == PictureType.B).any())

    @property
    def stamps(self) -> Sequence[int] | None:
        """(num_frames,) presentation time stamps in display order, strictly increasing; None where there are none."""
        index = self._index
        if isinstance(index, PacketIndex):
            return index.stamps
        # AVI stores none: where B-frames make them differ from decoding stamps, FFmpeg guesses, often wrongly.
        if self.container_format == 'avi' and PictureType.B in index.frames['type']:
            return None
        return usable([None if stamp == NO_STAMP else stamp for stamp in index.frames['stamp'].tolist()])

    def _made_reader(self) -> RegularReader | ExactReader:
        return self._regular_reader() or self._exact_reader()

    def _regular_reader(self) -> RegularReader | None:
        """None where the stream is not proven regular; `_irregular` then says why."""
        known = index_store.recall(self._identity)
        if known is None:
            known, self._irregular = find_regular_index(self._first)
        if not isinstance(known, PacketIndex):
            return None
        index_store.remember(self._identity, known)
        return RegularReader(self._first, known)

    def _exact_reader(self) -> ExactReader:
        recalled = index_store.recall(self._identity)
        known = recalled if isinstance(recalled, Truth) else None
        known = known or (index_store.find_beside(self.path) if self._is_as_opened() else None)
        self._first.rewind()
        began = time.perf_counter()
        exact = ExactReader(self._source, (self._first.container, self._first.stream), known)
        if known is None:
            index_store.tell(self.path, exact.truth, self._irregular, time.perf_counter() - began)
            self._save(exact.truth)
        index_store.remember(self._identity, exact.truth)
        return exact

    def _save(self, truth: Truth) -> None:
        if self._keep_index and self._is_as_opened():
            index_store.keep(self.path, truth)

    def _is_as_opened(self) -> bool:
        return self._identity is not None and index_store.identity_of(self._source.path) == self._identity

    def frames(self, rgb: Set[int], motion: Set[int], end: int | None = None) -> Iterator[Asked]:
        """Every frame wanted for its pixels, its vectors or both, by display index.

        Args:
            rgb: display indices.
            motion: display indices.
            end: a key frame behind all that is wanted; see `RegularReader.frames`. None for what is not proven regular.
        """
        self._first.check_open()
        reader = self.reader
        if isinstance(reader, RegularReader):
            yield from reader.frames(rgb, motion, end)
            return
        for number, frame in reader.frames(sorted(rgb | motion)):
            check_size(self.path, number, frame, (self.height, self.width))
            yield Asked(number, frame, number in rgb, number in motion)

    def pictures_alone(self, wanted: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Every frame wanted for its pixels, in display order; of a regular stream without decoding what it can spare.

        Raises:
            VideoError: as `frames`, but damage to a frame that is not decoded is not seen.
        """
        reader = self.reader
        if isinstance(reader, RegularReader):
            return reader.pictures_alone(wanted)
        return ((asked.number, asked.frame) for asked in self.frames(wanted, frozenset()) if asked.frame is not None)

    def packet_data(self) -> Iterator[bytes]:
        """All packets in decoding order, whatever is being read meanwhile."""
        kept = self.reader.kept
        if kept is not None:
            yield from map(bytes, kept)
            return
        reader = self.new_reader()
        try:
            yield from map(bytes, reader.all_packets())
        finally:
            reader.close()

    def new_reader(self) -> StreamReader:
        """Another reader of the same file: frames may be on their way out of the first."""
        return StreamReader(self._source)

    def pictures(self) -> list[tuple[int, bool]]:
        """FFmpeg's picture type, and whether it is a key frame, of every frame: one full decode, once.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or was patched up.
        """
        if self._pictures is None:
            reader = self.reader
            self._pictures = reader.pictures() if isinstance(reader, RegularReader) else self._known(reader.truth)
        return self._pictures

    def _known(self, truth: Truth) -> list[tuple[int, bool]]:
        damage = truth.first_damage()
        if damage is not None:
            raise VideoError(self.path, 'decode', damage[1])
        size, frames = (self.height, self.width), truth.frames
        sizes = zip(frames['height'].tolist(), frames['width'].tolist(), strict=True)
        for number, found in enumerate(sizes):
            if found != size:
                raise other_size(self.path, number, found, size)
        return list(zip(frames['type'].tolist(), frames['key'].tolist(), strict=True))

    def keyframes(self) -> npt.NDArray[np.int64]:
        """(n,) display indices of the key frames.

        Raises:
            VideoError: stage ``index``, if there is none.
        """
        reader, keyframes = self.reader, self._index.keyframes
        if keyframes is None:
            assert isinstance(reader, ExactReader)
            with reporting(self.path, 'index'):
                keyframes = reader.keyframes()
            reader.truth = reader.truth.with_keyframes(keyframes)
            index_store.remember(self._identity, reader.truth)
            self._save(reader.truth)
        if not len(keyframes):
            raise VideoError(self.path, 'index', 'the stream has no key frame that decodes alone')
        return keyframes.copy()
