"""Decoded frames of a file by display index: as few packets as possible, never a frame in the wrong place."""

import logging
from collections.abc import Iterator, Sequence, Set
from itertools import groupby

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video.container import CHEAPER_FOR_VECTORS, DecodedFrame, Decoding, codec_name, reporting
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.index import PacketIndex, Start, index_by_demux, index_from_header, index_without_stamps
from cmvl_mm.video.reader import StreamReader

logger = logging.getLogger(__name__)
_logged: set[str] = set()  # paths: a data set opens a video many times

# Decoding vectors alone costs about four fifths of decoding all: a second pass pays where the first one ends this
# many times earlier.
_EARLIER = 5
_WORTH_A_READER = 64  # frames decoded for vectors alone: fewer do not win back what opening the file again costs


class _StampsDisagree(Exception):
    """A frame does not carry the time stamp that the index foretold."""


class FrameDecoder:
    """One open video file.

    Three indices are believed in turn, each until a decoded frame contradicts it: the container's own table
    (free), the time stamps of all packets (one demux), and none at all (decoding from the start for every
    read).  A second reader, opened when it first pays, decodes the frames of which only vectors are wanted.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._readers: dict[Decoding, StreamReader] = {'pixels': StreamReader(path, 'pixels')}
        context = self.stream.codec_context
        self.height: int = context.height
        self.width: int = context.width
        self.codec = codec_name(self.stream)
        self._index: PacketIndex | None = None
        self._may_use_header = True
        self._pictures: list[tuple[int, bool]] | None = None

    @property
    def stream(self) -> VideoStream:
        return self._readers['pixels'].stream

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    @property
    def index(self) -> PacketIndex:
        """Built at first use."""
        if self._index is None:
            reader = self._readers['pixels']
            reader.check_open()
            with reporting(self.path, 'index'):
                if self._may_use_header:
                    self._index = index_from_header(self.path, reader.container, reader.stream)
                if self._index is None:
                    self._may_use_header = False
                    reader.rewind()
                    self._index = index_by_demux(self.path, reader.container, reader.stream)
        return self._index

    def frames(self, wanted: Sequence[int], decoding: Decoding = 'pixels') -> Iterator[tuple[int, VideoFrame]]:
        """The frames of these sorted display indices; after a mistaken first try, some come again."""
        while wanted:
            try:
                reader = self._reader(decoding)
                yield from (
                    self._by_stamps(reader, wanted) if self.index.has_stamps else self._from_start(reader, wanted)
                )
                return
            except _StampsDisagree:
                self._distrust_index()

    def plan(self, rgb: Set[int], motion: Set[int]) -> dict[Decoding, list[int]]:
        """Which frames to decode in full, and which for their vectors alone: sorted display indices.

        A GOP is decoded once, or, where its pixels end early, in full up to there and again for its later vectors.
        """
        passes: dict[Decoding, list[int]] = {'pixels': [], 'vectors': []}
        wanted = sorted(rgb | motion)
        held_back = self.stream.codec_context.has_b_frames
        decoded_for_vectors = 0
        for first, group in groupby(wanted, key=self.index.first_of_gop):
            numbers = list(group)
            last = max((number for number in numbers if number in rgb), default=first - 1)
            in_full = last - first + 1 + held_back if last >= first else 0
            if _EARLIER * in_full <= numbers[-1] - first + 1:
                passes['pixels'] += [number for number in numbers if number <= last]
                passes['vectors'] += [number for number in numbers if number > last]
                decoded_for_vectors += numbers[-1] - first + 1
            else:
                passes['pixels'] += numbers
        if self.codec in CHEAPER_FOR_VECTORS and decoded_for_vectors >= _WORTH_A_READER:
            return passes
        return {'pixels': wanted, 'vectors': []}

    def pictures(self) -> list[tuple[int, bool]]:
        """FFmpeg's picture type, and whether it is a key frame, of every frame: one full decode, once.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or was patched up.
        """
        if self._pictures is None:
            pictures = []
            reader = self._readers['pixels']
            for number, decoded in enumerate(reader.decode_all()):
                self._check_frame(number, decoded)
                pictures.append((int(decoded.frame.pict_type), bool(decoded.frame.key_frame)))
            packets = self.index.num_frames
            if len(pictures) != packets:
                raise VideoError(
                    self.path, 'decode', f'{packets} packets hold data, but {len(pictures)} frames came out'
                )
            self._pictures = pictures
        return self._pictures

    def keyframes(self) -> npt.NDArray[np.int64]:
        """(n,) display indices of the key frames.

        Raises:
            VideoError: stage ``index``, if there is none.
        """
        if self.index.has_stamps:
            keyframes = self.index.keyframes.copy()
        else:
            keyframes = np.flatnonzero([key for _, key in self.pictures()])
        if not len(keyframes):
            raise VideoError(self.path, 'index', 'the stream has no key frame')
        return keyframes

    def _distrust_index(self) -> None:
        if self._may_use_header:
            self._may_use_header = False
            self._index = None
            return
        pictures = self.pictures()  # where frames are lacking, that is an error, whatever the stamps say
        self._index = index_without_stamps(len(pictures))

    def _reader(self, decoding: Decoding) -> StreamReader:
        if decoding not in self._readers:
            self._readers['pixels'].check_open()
            self._readers[decoding] = StreamReader(self.path, decoding)
        return self._readers[decoding]

    def _by_stamps(self, reader: StreamReader, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        index = self.index
        run: Iterator[tuple[int, DecodedFrame]] | None = None
        for number in wanted:
            start = index.start_of(number)
            # A key frame that is fed already, or comes next, needs no seek.
            if run is None or start.position > reader.next_position:
                run = self._run(reader, index, start)
            yield number, self._advance(run, number)

    def _from_start(self, reader: StreamReader, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        if self.path not in _logged:
            _logged.add(self.path)
            logger.warning('%s: no usable time stamps; every read decodes from the start', self.path)
        run = enumerate(reader.decode_all())
        for number in wanted:
            yield number, self._advance(run, number)

    def _advance(self, run: Iterator[tuple[int, DecodedFrame]], wanted: int) -> VideoFrame:
        for number, decoded in run:
            if number == wanted:
                self._check_frame(number, decoded)
                return decoded.frame
        raise VideoError(self.path, 'decode', f'the stream ends before frame {wanted} of {self.index.num_frames}')

    def _check_frame(self, number: int, decoded: DecodedFrame) -> None:
        if decoded.damaged:
            raise VideoError(
                self.path,
                'decode',
                f'frame {number}, or one it depends on, is missing or damaged; FFmpeg patched it up',
            )
        height, width = decoded.frame.height, decoded.frame.width
        if (height, width) != (self.height, self.width):
            raise VideoError(
                self.path,
                'decode',
                f'frame {number} is {width}x{height} px in a video of {self.width}x{self.height}',
            )

    def _run(self, reader: StreamReader, index: PacketIndex, start: Start) -> Iterator[tuple[int, DecodedFrame]]:
        """Frames in display order from a key frame on, each checked against the index."""
        expected = start.first
        for decoded in reader.decode_from(start):
            stamp = decoded.frame.pts
            if stamp is not None and stamp < start.pts:
                continue  # displayed before the key frame of an open GOP: lacks its references here
            if expected == index.num_frames or stamp != index.pts[expected]:
                raise _StampsDisagree
            if expected == start.first and decoded.damaged and not decoded.frame.is_corrupt:
                # Nothing stands alone at this start: .mp4 without a table of key frames calls every frame one.
                raise _StampsDisagree
            yield expected, decoded
            expected += 1
