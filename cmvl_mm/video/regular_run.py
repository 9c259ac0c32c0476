"""Frames from a key frame on in a stream that is proven regular, each identified by its time stamp."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Set

from av.video.frame import VideoFrame

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import damaged
from cmvl_mm.video.index import PacketIndex, Start
from cmvl_mm.video.reader import StreamReader


class RegularRun:
    """One pass of a decoder over the wanted frames, in display order, each checked against the index.

    A frame may depend on all frames decoded before it, and a B-frame is displayed before one of those: it is returned
    once that one has come out, too.  The stream is proven regular, so a frame that does not come out is damaged.

    Args:
        reader: reader of the file.
        index: index of its stream.
        start: the key frame.
        wanted: display indices; those before ``start`` do not matter.
        spared: frames whose packets the reader skips.
        end: display index of a key frame: decode as if the file ended before it; None: to the end of the file.
    """

    def __init__(
        self,
        reader: StreamReader,
        index: PacketIndex,
        start: Start,
        wanted: Set[int],
        spared: Set[int],
        end: int | None,
    ) -> None:
        self.start = start
        self._path = reader.path
        # A separate generator: a method would hold this object, and both would wait for the garbage collector.
        self._frames = _numbered(reader, index, start, wanted, spared, end)

    def advance(self, wanted: int) -> VideoFrame:
        """The frame with this display index, which must be above those requested before.

        Raises:
            VideoError: stage ``decode``, if it was displayed or decoded after a damaged frame.
        """
        for number, frame in self._frames:
            if number == wanted:
                return frame
            if number > wanted:
                break
        raise damaged(self._path, wanted)


def _numbered(
    reader: StreamReader, index: PacketIndex, start: Start, wanted: Set[int], spared: Set[int], end: int | None
) -> Iterator[tuple[int, VideoFrame]]:
    """The wanted frames, each as soon as all frames that it may depend on have come out."""
    expected = start.first
    last = index.num_frames if end is None else end
    stop = None if end is None or end == index.num_frames else index.start_of(end).position
    held: deque[tuple[int, VideoFrame, bool]] = deque()
    damaged_from: int | None = None  # in decoding order
    for frame, is_damaged in reader.decode_from(start, stop):
        stamp = frame.pts
        if stamp is not None and stamp < start.pts:
            continue  # displayed before the key frame of an open GOP: its references are missing here
        while expected in spared:
            expected += 1
        if expected == index.num_frames or stamp != index.stamps[expected]:
            number = _number_of(reader.path, index, stamp, expected)
            lost = int(index.position[expected:number].min())
            damaged_from = lost if damaged_from is None else min(lost, damaged_from)
            expected = number
        if is_damaged and frame.is_corrupt:
            position = int(index.position[expected])
            damaged_from = position if damaged_from is None else min(position, damaged_from)
        if expected in wanted:
            held.append((expected, frame, is_damaged))
        while held and index.known_sound_at[held[0][0]] <= expected:
            number, frame, is_damaged = held.popleft()
            if is_damaged or (damaged_from is not None and index.position[number] > damaged_from):
                raise damaged(reader.path, number)
            yield number, frame
        expected += 1
    while expected in spared:
        expected += 1
    if expected == last:  # everything that was decoded has come out
        for number, frame, is_damaged in held:
            if is_damaged or (damaged_from is not None and index.position[number] > damaged_from):
                raise damaged(reader.path, number)
            yield number, frame


def _number_of(path: str, index: PacketIndex, stamp: int | None, expected: int) -> int:
    """The number of the frame with a time stamp, which must come after the expected one."""
    number = index.num_frames if stamp is None else bisect_left(index.stamps, stamp)
    if expected < number < index.num_frames and index.stamps[number] == stamp:
        return number
    raise VideoError(
        path, 'decode', f'the decoder returned a frame with the time stamp {stamp} instead of frame {expected}'
    )
