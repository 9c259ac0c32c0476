"""Decoded frames of a file by display index: as few packets as possible, never a frame in the wrong place."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence, Set
from itertools import groupby

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video.container import (
    CHEAPER_FOR_VECTORS,
    Decoding,
    codec_name,
    has_lone_vectors,
    reporting,
)
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.index import PacketIndex, Start, index_by_demux, index_from_header, index_without_stamps
from cmvl_mm.video.reader import StreamReader

logger = logging.getLogger(__name__)
_logged: set[str] = set()  # paths: a data set opens a video many times

_WORTH_A_READER = 64  # frames decoded for vectors alone: fewer do not win back what opening the file again costs


class _StampsDisagree(Exception):
    """A frame does not carry the time stamp that the index foretold."""


class FrameDecoder:
    """One open video file.

    Three indices are believed in turn, each until a decoded frame contradicts it: the container's own table
    (free), the time stamps of all packets (one demux), and none at all (decoding from the start for every
    read).  The first read decides whether the reader decodes pixels or vectors alone; a second one is opened for
    the other when it first pays.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._first = StreamReader(path)
        self._second: StreamReader | None = None
        context = self.stream.codec_context
        self.height: int = context.height
        self.width: int = context.width
        self.codec = codec_name(self.stream)
        self._lone_vectors = has_lone_vectors(self.stream)
        self._index: PacketIndex | None = None
        self._may_use_header = True
        self._pictures: list[tuple[int, bool]] | None = None

    @property
    def stream(self) -> VideoStream:
        return self._first.stream

    def close(self) -> None:
        self._first.close()
        if self._second is not None:
            self._second.close()

    @property
    def index(self) -> PacketIndex:
        """Built at first use."""
        if self._index is None:
            reader = self._first
            reader.check_open()
            with reporting(self.path, 'index'):
                if self._may_use_header:
                    self._index = index_from_header(self.path, reader.container, reader.stream)
                if self._index is None:
                    self._may_use_header = False
                    reader.rewind()
                    self._index = index_by_demux(self.path, reader.container, reader.stream, reader.all_packets())
        return self._index

    def frames(self, rgb: Set[int], motion: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Every frame wanted for its pixels, its vectors or both, with its display index.

        I-frames wanted for their vectors alone may be left out: they have none.  After a mistaken first try, some
        frames come again.
        """
        while rgb or motion:
            try:
                for decoding, wanted in self._passes(rgb, motion).items():
                    if not wanted:
                        continue
                    reader = self._reader(decoding)
                    if self.index.has_stamps:
                        yield from self._by_stamps(reader, wanted, rgb)
                    else:
                        yield from self._from_start(reader, wanted)
                return
            except _StampsDisagree:
                self._distrust_index()

    def _passes(self, rgb: Set[int], motion: Set[int]) -> dict[Decoding, list[int]]:
        """Sorted display indices to decode in full, and those to decode for their vectors alone in a second reader.

        A GOP is decoded once: in full if any of its pixels are wanted. A second pass for the vectors after the last
        of them does not pay: in H.264 an I-frame, which both would decode, can cost ten times what a P-frame does.
        """
        wanted = sorted(rgb | motion)
        if self.codec not in CHEAPER_FOR_VECTORS or self._has_lone_vectors():
            return {'pixels': wanted}
        passes: dict[Decoding, list[int]] = {'pixels': [], 'vectors': []}
        decoded_for_vectors = 0
        for first, group in groupby(wanted, key=self.index.first_of_gop.__getitem__):
            numbers = list(group)
            if rgb.isdisjoint(numbers):
                passes['vectors'] += numbers
                decoded_for_vectors += numbers[-1] - first + 1
            else:
                passes['pixels'] += numbers
        return passes if decoded_for_vectors >= _WORTH_A_READER else {'pixels': wanted}

    def packet_data(self) -> Iterator[bytes]:
        """All packets in decoding order, whatever is being read meanwhile."""
        kept = self._first.kept
        if kept is not None:
            yield from map(bytes, kept)
            return
        reader = StreamReader(self.path)  # another one: frames may be on their way out of the first
        try:
            yield from map(bytes, reader.all_packets())
        finally:
            reader.close()

    def pictures(self) -> list[tuple[int, bool]]:
        """FFmpeg's picture type, and whether it is a key frame, of every frame: one full decode, once.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or was patched up.
        """
        if self._pictures is None:
            pictures = []
            for number, (frame, damaged) in enumerate(self._reader('pixels').decode_all()):
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
        if self._first.decoding is None:
            self._first.decide(decoding)
        if self._first.decoding == decoding:
            return self._first
        if self._second is None:
            self._first.check_open()
            self._second = StreamReader(self.path)
            self._second.decide(decoding)
        return self._second

    def _by_stamps(
        self, reader: StreamReader, wanted: Sequence[int], rgb: Set[int]
    ) -> Iterator[tuple[int, VideoFrame]]:
        index = self.index
        alone = self._decodable_alone(wanted, rgb)
        together = frozenset(wanted) - alone
        reader.start_anew()
        run: Iterator[tuple[int, VideoFrame]] | None = None
        begun: Start | None = None
        for number in wanted:
            start = index.start_of(number)
            if number in alone:
                run = None
                frames = reader.decode_vectors(start, int(index.position[number]))
                if frames is not None:
                    if len(frames) != 1 or frames[0].pts != index.stamps[number]:
                        raise _StampsDisagree
                    if frames[0].is_corrupt:
                        raise self._damage(number)
                    self._check_size(number, frames[0])
                    yield number, frames[0]
                continue
            # A key frame that is fed already, or comes next, needs no seek.
            if run is None or start.position > reader.next_position:
                run, begun = self._run(reader, start, together), start
            try:
                frame = self._advance(run, number)
            except VideoError:
                if start == begun:
                    raise
                # Damage before this frame's key frame is none of its business, but no decoder that met it is used.
                run, begun = self._run(reader, start, together), start
                frame = self._advance(run, number)
            yield number, frame

    def _has_lone_vectors(self) -> bool:
        return self.index.from_header and self._lone_vectors

    def _decodable_alone(self, wanted: Sequence[int], rgb: Set[int]) -> Set[int]:
        """Frames of which only vectors are wanted, and no pixels after them in their GOP, where one packet is enough.

        Of the frames before such a one neither content nor damage matters.
        """
        if not self._has_lone_vectors():
            return frozenset()
        alone: set[int] = set()
        for _, group in groupby(wanted, key=self.index.first_of_gop.__getitem__):
            numbers = list(group)
            last = max([number for number in numbers if number in rgb], default=-1)
            alone.update([number for number in numbers if number > last])
        return alone

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
            if expected == index.num_frames or stamp != index.stamps[expected]:
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
