"""Decoded frames of a file by display index: as few packets as possible, never a frame in the wrong place."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence, Set
from itertools import groupby

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video.container import CHEAPER_FOR_VECTORS, Decoding, codec_name, reporting
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
            for number, (frame, damaged) in enumerate(reader.decode_all()):
                if damaged:
                    raise self._damage(number)
                self._check_size(number, frame)
                pictures.append((int(frame.pict_type), bool(frame.key_frame)))
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
        run: Iterator[tuple[int, VideoFrame]] | None = None
        begun, all_wanted = None, frozenset(wanted)
        for number in wanted:
            start = self.index.start_of(number)
            # A key frame that is fed already, or comes next, needs no seek.
            if run is None or start.position > reader.next_position:
                run, begun = self._run(reader, start, all_wanted), start
            try:
                frame = self._advance(run, number)
            except VideoError:
                if start == begun:
                    raise
                # Damage before this frame's key frame is none of its business, but no decoder that met it is used.
                run, begun = self._run(reader, start, all_wanted), start
                frame = self._advance(run, number)
            yield number, frame

    def _from_start(self, reader: StreamReader, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        if self.path not in _logged:
            _logged.add(self.path)
            logger.warning('%s: no usable time stamps; every read decodes from the start', self.path)
        run = self._run_from_start(reader, frozenset(wanted))
        for number in wanted:
            yield number, self._advance(run, number)

    def _advance(self, run: Iterator[tuple[int, VideoFrame]], wanted: int) -> VideoFrame:
        for number, frame in run:
            if number == wanted:
                self._check_size(number, frame)
                return frame
        raise VideoError(self.path, 'decode', f'the stream ends before frame {wanted} of {self.index.num_frames}')

    def _damage(self, number: int) -> VideoError:
        reason = f'frame {number}, or one it depends on, is missing or damaged; FFmpeg patched it up'
        return VideoError(self.path, 'decode', reason)

    def _check_size(self, number: int, frame: VideoFrame) -> None:
        if (frame.height, frame.width) != (self.height, self.width):
            raise VideoError(
                self.path,
                'decode',
                f'frame {number} is {frame.width}x{frame.height} px in a video of {self.width}x{self.height}',
            )

    def _run(self, reader: StreamReader, start: Start, wanted: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames in display order from a key frame on, each checked against the index.

        A frame may depend on all that were decoded before it, and a B-frame is displayed before one of those: it comes
        out once that one has, too.

        Raises:
            VideoError: stage ``decode``, in place of a wanted frame that was displayed or decoded after a damaged one.
        """
        index = self.index
        expected = start.first
        held: deque[tuple[int, VideoFrame, bool]] = deque()
        damaged_from: int | None = None  # in decoding order
        for frame, damaged in reader.decode_from(start):
            stamp = frame.pts
            if stamp is not None and stamp < start.pts:
                continue  # displayed before the key frame of an open GOP: lacks its references here
            if expected == index.num_frames or stamp != index.pts[expected]:
                raise _StampsDisagree
            if damaged and frame.is_corrupt:
                position = int(index.position[expected])
                damaged_from = position if damaged_from is None else min(position, damaged_from)
            elif damaged and expected == start.first:
                # Nothing stands alone at this start: .mp4 without a table of key frames calls every frame one.
                raise _StampsDisagree
            if expected in wanted:
                held.append((expected, frame, damaged))
            while held and index.known_sound_at[held[0][0]] <= expected:
                number, frame, damaged = held.popleft()
                if damaged or (damaged_from is not None and index.position[number] > damaged_from):
                    raise self._damage(number)
                yield number, frame
            expected += 1

    def _run_from_start(self, reader: StreamReader, wanted: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames in display order up to the first damage: it may also shift the places of all that follow.

        Without stamps, decoding order is not known: B-frames come out with the frame that ends their row.

        Raises:
            VideoError: stage ``decode``, at damage.
        """
        held: list[tuple[int, VideoFrame]] = []
        for number, (frame, damaged) in enumerate(reader.decode_all()):
            if damaged:
                raise self._damage(number)
            if number in wanted:
                held.append((number, frame))
            if int(frame.pict_type) != PictureType.B:
                yield from held
                held = []
        yield from held
