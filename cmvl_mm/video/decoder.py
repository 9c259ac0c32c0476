"""Decoded frames of a file by display index: as few packets as possible, never a frame in the wrong place."""

import logging
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence, Set
from itertools import groupby

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video import index_store
from cmvl_mm.video.container import CHEAPER_FOR_VECTORS, Decoding, codec_name, has_lone_vectors, reporting
from cmvl_mm.video.errors import NO_FRAMES, VideoError
from cmvl_mm.video.exact import ExactReader
from cmvl_mm.video.index import PacketIndex, Start, index_of_regular, index_of_sealed
from cmvl_mm.video.reader import StreamReader
from cmvl_mm.video.regular import H264_CONTAINERS, H264Proof, NotRegular
from cmvl_mm.video.seal import read_seal
from cmvl_mm.video.times import usable
from cmvl_mm.video.truth import NO_STAMP, Truth

logger = logging.getLogger(__name__)

_WORTH_A_READER = 64  # frames decoded for vectors alone: fewer do not win back what opening the file again costs


class FrameDecoder:
    """One open video file.

    Where the stream is proven regular (regular.py), its packets are its index, and the first read decides whether the
    reader decodes pixels or vectors alone; a second one is opened for the other when it first pays.  All other streams
    are decoded once for their index, and what is read is compared with it (exact.py).
    """

    def __init__(self, path: str, keep_index: bool = False) -> None:
        self.path = path
        self._keep_index = keep_index
        # Before it is opened: what is learned of it must not be taken for another file's that replaces it meanwhile.
        self._identity = index_store.identity_of(path)
        self._first = StreamReader(path)
        self._second: StreamReader | None = None
        context = self.stream.codec_context
        self.height: int = context.height
        self.width: int = context.width
        self.codec = codec_name(self.stream)
        self._lone_vectors = has_lone_vectors(self.stream)
        self._index: PacketIndex | None = None
        self._exact: ExactReader | None = None
        self._pictures: list[tuple[int, bool]] | None = None

    @property
    def stream(self) -> VideoStream:
        return self._first.stream

    def close(self) -> None:
        self._first.close()
        if self._second is not None:
            self._second.close()
        if self._exact is not None:
            self._exact.close()

    @property
    def num_frames(self) -> int:
        index = self._indexed()
        return index.num_frames

    @property
    def position(self) -> npt.NDArray[np.int64]:
        """(num_frames,) place of each displayed frame in decoding order, counted in packets; -1 where unknown."""
        index = self._indexed()
        return index.position if isinstance(index, PacketIndex) else index.frames['position']

    @property
    def stamps(self) -> Sequence[int] | None:
        """(num_frames,) presentation time stamps in display order, strictly increasing; None where there are none."""
        index = self._indexed()
        if isinstance(index, PacketIndex):
            return index.stamps
        # AVI stores none: where B-frames make them differ from decoding stamps, FFmpeg guesses, often wrongly.
        if self._first.container.format.name == 'avi' and PictureType.B in index.frames['type']:
            return None
        return usable([None if stamp == NO_STAMP else stamp for stamp in index.frames['stamp'].tolist()])

    @property
    def index(self) -> PacketIndex | None:
        """Of a stream that is proven regular; None for all others, of which `truth` is known."""
        index = self._indexed()
        return index if isinstance(index, PacketIndex) else None

    @property
    def truth(self) -> Truth | None:
        """Of a stream that is not proven regular."""
        index = self._indexed()
        return index if isinstance(index, Truth) else None

    def _indexed(self) -> PacketIndex | Truth:
        """Built at first use."""
        if self._index is None and self._exact is None:
            self._first.check_open()
            with reporting(self.path, 'index'):
                self._build_index()
        if self._index is not None:
            return self._index
        assert self._exact is not None
        return self._exact.truth

    def _build_index(self) -> None:
        known = index_store.recall(self._identity)
        if isinstance(known, PacketIndex):
            self._index = known
            return
        reason = ''
        if known is None:
            self._index, reason = self._regular_index()
        if self._index is not None:
            index_store.remember(self._identity, self._index)
            return
        self._exact = self._exact_reader(known, reason)
        index_store.remember(self._identity, self._exact.truth)

    def _regular_index(self) -> tuple[PacketIndex | None, str]:
        """The index of a stream that is proven regular, or the reason why it is not."""
        reader = self._first
        container = reader.container.format.name
        if self.codec == 'mpeg4' and container in H264_CONTAINERS:
            seal = read_seal(self.path)
            index = None if seal is None else index_of_sealed(reader.stream, seal)
            return index, 'it is not as tools/prepare_videos.py writes it'
        if self.codec != 'h264' or container not in H264_CONTAINERS:
            return None, f'{self.codec} in {container}'
        reader.rewind()
        try:
            proof = H264Proof(reader.stream.codec_context.extradata)
            packets = [
                (packet.pts, packet.pts if packet.dts is None else packet.dts, packet.is_keyframe)
                for packet in proof.follow(reader.all_packets())
            ]
            proof.finish()
        except NotRegular as error:
            return None, str(error)
        if not packets:
            raise VideoError(self.path, 'index', 'the video stream holds no frames', NO_FRAMES)
        return index_of_regular(packets), ''

    def _exact_reader(self, known: Truth | None, reason: str) -> ExactReader:
        known = known or (index_store.find_beside(self.path) if self._is_as_opened() else None)
        reader = self._first
        reader.rewind()
        began = time.perf_counter()
        exact = ExactReader(self.path, (reader.container, reader.stream), known)
        if known is None:
            index_store.tell(self.path, exact.truth, reason, time.perf_counter() - began)
            self._save(exact.truth)
        return exact

    def _save(self, truth: Truth) -> None:
        if self._keep_index and self._is_as_opened():
            index_store.keep(self.path, truth)

    def _is_as_opened(self) -> bool:
        return self._identity is not None and index_store.identity_of(self.path) == self._identity

    def frames(self, rgb: Set[int], motion: Set[int]) -> Iterator[tuple[int, VideoFrame]]:
        """Every frame wanted for its pixels, its vectors or both, with its display index.

        I-frames wanted for their vectors alone may be left out: they have none.
        """
        self._first.check_open()
        index = self._indexed()
        if self._exact is not None:
            for number, frame in self._exact.frames(sorted(rgb | motion)):
                self._check_size(number, frame)
                yield number, frame
            return
        assert isinstance(index, PacketIndex)
        for decoding, wanted in self._passes(index, rgb, motion).items():
            if wanted:
                yield from self._by_stamps(index, self._reader(decoding), wanted, rgb)

    def _passes(self, index: PacketIndex, rgb: Set[int], motion: Set[int]) -> dict[Decoding, list[int]]:
        """Sorted display indices to decode in full, and those to decode for their vectors alone in a second reader.

        A GOP is decoded once: in full if any of its pixels are wanted. A second pass for the vectors after the last
        of them does not pay: in H.264 an I-frame, which both would decode, can cost ten times what a P-frame does.
        """
        wanted = sorted(rgb | motion)
        if self.codec not in CHEAPER_FOR_VECTORS or self._has_lone_vectors(index):
            return {'pixels': wanted}
        passes: dict[Decoding, list[int]] = {'pixels': [], 'vectors': []}
        decoded_for_vectors = 0
        for first, group in groupby(wanted, key=index.first_of_gop.__getitem__):
            numbers = list(group)
            if rgb.isdisjoint(numbers):
                passes['vectors'] += numbers
                decoded_for_vectors += numbers[-1] - first + 1
            else:
                passes['pixels'] += numbers
        return passes if decoded_for_vectors >= _WORTH_A_READER else {'pixels': wanted}

    def packet_data(self) -> Iterator[bytes]:
        """All packets in decoding order, whatever is being read meanwhile."""
        self._indexed()
        kept = self._first.kept if self._exact is None else self._exact.kept
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
            index = self._indexed()
            self._pictures = self._decoded_pictures(index) if isinstance(index, PacketIndex) else self._known(index)
        return self._pictures

    def _known(self, truth: Truth) -> list[tuple[int, bool]]:
        damage = truth.first_damage()
        if damage is not None:
            raise VideoError(self.path, 'decode', damage[1])
        frames = truth.frames
        for number in np.flatnonzero((frames['height'] != self.height) | (frames['width'] != self.width))[:1]:
            raise self._other_size(int(number), int(frames['width'][number]), int(frames['height'][number]))
        return list(zip(frames['type'].tolist(), frames['key'].tolist(), strict=True))

    def _decoded_pictures(self, index: PacketIndex) -> list[tuple[int, bool]]:
        pictures = []
        for number, (frame, damaged) in enumerate(self._reader('pixels').decode_all()):
            if damaged:
                raise self._damage(number)
            self._check_size(number, frame)
            pictures.append((int(frame.pict_type), bool(frame.key_frame)))
        if len(pictures) != index.num_frames:
            reason = f'{index.num_frames} packets hold data, but {len(pictures)} frames came out'
            raise VideoError(self.path, 'decode', reason)
        return pictures

    def keyframes(self) -> npt.NDArray[np.int64]:
        """(n,) display indices of the key frames.

        Raises:
            VideoError: stage ``index``, if there is none.
        """
        index = self._indexed()
        keyframes = index.keyframes
        if keyframes is None:
            assert isinstance(index, Truth)
            assert self._exact is not None
            with reporting(self.path, 'index'):
                keyframes = self._exact.keyframes()
            self._exact.truth = index.with_keyframes(keyframes)
            index_store.remember(self._identity, self._exact.truth)
            self._save(self._exact.truth)
        if not len(keyframes):
            raise VideoError(self.path, 'index', 'the stream has no key frame that decodes alone')
        return keyframes.copy()

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
        self, index: PacketIndex, reader: StreamReader, wanted: Sequence[int], rgb: Set[int]
    ) -> Iterator[tuple[int, VideoFrame]]:
        alone = self._decodable_alone(index, wanted, rgb)
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
                    if len(frames) != 1 or frames[0].pts != index.stamps[number] or frames[0].is_corrupt:
                        raise self._damage(number)
                    self._check_size(number, frames[0])
                    yield number, frames[0]
                continue
            # A key frame that is fed already, or comes next, needs no seek.
            if run is None or start.position > reader.next_position:
                run, begun = self._run(index, reader, start, together), start
            try:
                frame = self._advance(run, number)
            except VideoError:
                if start == begun:
                    raise
                # Damage before this frame's key frame is none of its business, but no decoder that met it is used.
                run, begun = self._run(index, reader, start, together), start
                frame = self._advance(run, number)
            yield number, frame

    def _has_lone_vectors(self, index: PacketIndex) -> bool:
        return index.from_header and self._lone_vectors

    def _decodable_alone(self, index: PacketIndex, wanted: Sequence[int], rgb: Set[int]) -> Set[int]:
        """Frames of which only vectors are wanted, and no pixels after them in their GOP, where one packet is enough.

        Of the frames before such a one neither content nor damage matters.
        """
        if not self._has_lone_vectors(index):
            return frozenset()
        alone: set[int] = set()
        for _, group in groupby(wanted, key=index.first_of_gop.__getitem__):
            numbers = list(group)
            last = max([number for number in numbers if number in rgb], default=-1)
            alone.update([number for number in numbers if number > last])
        return alone

    def _advance(self, run: Iterator[tuple[int, VideoFrame]], wanted: int) -> VideoFrame:
        for number, frame in run:
            if number == wanted:
                self._check_size(number, frame)
                return frame
            if number > wanted:
                break
        raise self._damage(wanted)

    def _damage(self, number: int) -> VideoError:
        reason = f'frame {number}, or one it depends on, is missing or damaged; FFmpeg patched it up'
        return VideoError(self.path, 'decode', reason)

    def _check_size(self, number: int, frame: VideoFrame) -> None:
        if (frame.height, frame.width) != (self.height, self.width):
            raise self._other_size(number, frame.width, frame.height)

    def _other_size(self, number: int, width: int, height: int) -> VideoError:
        return VideoError(
            self.path,
            'decode',
            f'frame {number} is {width}x{height} px in a video of {self.width}x{self.height}',
            'Scale the video to one size with another program first, or cut it where its size changes',
        )

    def _run(
        self, index: PacketIndex, reader: StreamReader, start: Start, wanted: Set[int]
    ) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames in display order from a key frame on, each checked against the index.

        A frame may depend on all that were decoded before it, and a B-frame is displayed before one of those: it comes
        out once that one has, too.  The stream is proven regular, so that a frame that does not come out is damage.

        Raises:
            VideoError: stage ``decode``, in place of a wanted frame that was displayed or decoded after a damaged one.
        """
        expected = start.first
        held: deque[tuple[int, VideoFrame, bool]] = deque()
        damaged_from: int | None = None  # in decoding order
        for frame, damaged in reader.decode_from(start):
            stamp = frame.pts
            if stamp is not None and stamp < start.pts:
                continue  # displayed before the key frame of an open GOP: lacks its references here
            if expected == index.num_frames or stamp != index.stamps[expected]:
                number = self._number_of(index, stamp, expected)
                lost = int(index.position[expected:number].min())
                damaged_from = lost if damaged_from is None else min(lost, damaged_from)
                expected = number
            if damaged and frame.is_corrupt:
                position = int(index.position[expected])
                damaged_from = position if damaged_from is None else min(position, damaged_from)
            if expected in wanted:
                held.append((expected, frame, damaged))
            while held and index.known_sound_at[held[0][0]] <= expected:
                number, frame, damaged = held.popleft()
                if damaged or (damaged_from is not None and index.position[number] > damaged_from):
                    raise self._damage(number)
                yield number, frame
            expected += 1

    def _number_of(self, index: PacketIndex, stamp: int | None, expected: int) -> int:
        """The frame with a time stamp, behind the one that was expected."""
        number = index.num_frames if stamp is None else bisect_left(index.stamps, stamp)
        if expected < number < index.num_frames and index.stamps[number] == stamp:
            return number
        raise VideoError(self.path, 'decode', f'in place of frame {expected} comes one with the time stamp {stamp}')
