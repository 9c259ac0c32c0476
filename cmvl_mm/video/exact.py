"""Random access to a stream of which only the truth is known: every frame is compared with it before it is handed out.

Decoding begins at a key frame and leaves out what lies before.  Whether that gives the frames of the sequential decode
depends on the stream: its headers may change, its key frames may be none, a decoder may keep more than a flush clears.
So each frame must have the checksums of the truth; if it differs, decoding begins earlier, at last at the start.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from av import FFmpegError
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from cmvl_mm.video.container import (
    CODECS_WITH_VECTORS,
    all_packets,
    codec_name,
    open_video,
    packets_with_data,
    reporting,
)
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import damaged
from cmvl_mm.video.sequential import Fault, decode_in_turn, pixel_digest, vector_digest
from cmvl_mm.video.source import Source
from cmvl_mm.video.truth import NO_STAMP, Truth, find_truth, signature

KEPT = 16 << 20  # bytes of packets at most

_Run = Iterator[tuple[int, VideoFrame]]


class ExactReader:
    """One open file, read by its truth.

    Args:
        source: the file.
        opened: the container and its stream, from which nothing was read.
        truth: what is known of it already; None decodes it once, from start to end.

    Raises:
        VideoError: stage ``index``, if no frame comes out.
    """

    def __init__(self, source: Source, opened: tuple[InputContainer, VideoStream], truth: Truth | None) -> None:
        self._file, self.path = source, source.name
        self._converter = VideoReformatter()
        self._source = opened  # where packets come from
        self._decoding = opened  # whose decoder is used: another one where packets are kept and a fresh one was needed
        self._kept: list[Any] | None = None
        self._has_vectors = codec_name(opened[1]) in CODECS_WITH_VECTORS
        self._next = -1  # position of the packet that the current run feeds next
        self._known: dict[tuple[int, ...], int] | None = None  # signature of a packet -> its position
        self._unusable: set[int] = set()  # starts from which a fresh decoder gave other frames
        if truth is None:
            container, stream = opened
            with reporting(self.path, 'index'):
                truth = find_truth(self.path, stream, self._keeping(all_packets(self.path, container, stream)))
            self._flush()
        opened[1].codec_context.copy_opaque = True
        self.truth = truth
        positions = truth.frames['position']
        self._number_at = {int(position): number for number, position in enumerate(positions)}
        self._starts = self._find_starts()

    @property
    def kept(self) -> list[Any] | None:
        """All packets of the file, in decoding order, where it is small and they were read; else None."""
        return self._kept

    def close(self) -> None:
        self._kept = None
        for container, _ in {id(pair): pair for pair in (self._source, self._decoding)}.values():
            container.close()

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames, which are sorted display indices, each as the sequential decode gave it.

        Raises:
            VideoError: stage ``decode``, at a frame that the truth calls damaged, or that does not come again.
        """
        run: _Run = iter(())
        self._next = -1
        for number in wanted:
            if self.truth.frames['damaged'][number]:
                raise damaged(self.path, number)
            start = self._start_of(number)
            # A start that is fed already, or comes next, needs no seek.
            if start > self._next:
                run = self._run(start, fresh=False)
            frame = self._advance(run, number)
            if frame is None:
                run, frame = self._from_a_better_start(number)
            yield number, frame

    def keyframes(self) -> npt.NDArray[np.int64]:
        """Display indices of the frames that are flagged as key frames and decode alone.

        The flags are the decoder's; where it sets none at all, the container's.  Each is decoded from its own packets
        in an empty decoder, and compared with what it was in the sequential decode.
        """
        frames, packets = self.truth.frames, self.truth.packets
        by_decoder = bool(frames['key'].any())
        flagged = frames['key'] if by_decoder or not self.truth.has_positions else packets['key'][frames['position']]
        if not flagged.any():
            flagged = np.ones(len(frames), np.bool_)  # nobody says anything: each is tried
        candidates = np.flatnonzero(flagged & ~frames['damaged'])
        if not self.truth.has_positions or self._decoding[1].codec_context.codec.intra_only:
            return candidates
        ends = np.append(np.sort(frames['position']), len(packets))
        units = {}
        for number in candidates.tolist():
            position = int(frames['position'][number])
            units[position] = number, int(ends[np.searchsorted(ends, position, side='right')])
        self._renew()  # a flush leaves the headers of the end of the file
        alone = []
        self._next = -1
        unit: list[Any] = []
        current = None
        for position, packet in self._packets(0):
            if current is None and position in units:
                current = units[position]
            if current is None:
                continue
            unit.append(packet)
            if position + 1 == current[1]:
                if self._decodes_alone(current[0], unit, fresh=not by_decoder):
                    alone.append(current[0])
                current, unit = None, []
        self._flush()
        return np.array(sorted(alone), np.int64)

    def _decodes_alone(self, number: int, unit: list[Any], *, fresh: bool) -> bool:
        # A decoder that sets no flags may keep the last picture through a flush.
        self._renew() if fresh else self._flush()
        position = int(self.truth.frames['position'][number])
        for item in decode_in_turn(self._decoding[1].codec_context, unit, [], first=position):
            if item.position == position:
                digest = pixel_digest(item.frame, self._converter)
                return not item.frame.is_corrupt and digest == self.truth.frames['pixels'][number]
        return False

    def _find_starts(self) -> tuple[list[int], list[int]]:
        """Positions where decoding may begin, and the frames displayed there; both sorted, from the file's start on."""
        frames = self.truth.frames
        if not self.truth.has_positions:
            return [0], [0]
        flagged = frames['key'] | self.truth.packets['key'][frames['position']]
        # Nothing that is displayed after a start may be decoded before it.
        earliest = np.minimum.accumulate(frames['position'][::-1])[::-1]
        numbers = np.flatnonzero(flagged & (earliest == frames['position']))
        numbers = numbers[frames['position'][numbers] > 0]
        return [0, *frames['position'][numbers].tolist()], [0, *numbers.tolist()]

    def _starts_before(self, number: int) -> int:
        """How many starts are neither decoded nor displayed after a frame."""
        positions, numbers = self._starts
        position = max(int(self.truth.frames['position'][number]), 0)
        return min(bisect_right(positions, position), bisect_right(numbers, number))

    def _start_of(self, number: int) -> int:
        """The last usable start of a frame."""
        at = self._starts_before(number) - 1
        while at and self._starts[0][at] in self._unusable:
            at -= 1
        return self._starts[0][at]

    def _from_a_better_start(self, number: int) -> tuple[_Run, VideoFrame]:
        """From the same start with a new decoder; then from one, two, four ... starts before it; at last from 0."""
        starts = self._starts[0]
        at, step = starts.index(self._start_of(number)), 1
        while True:
            run = self._run(starts[at], fresh=True)
            frame = self._advance(run, number)
            if frame is not None:
                return run, frame
            if self._is_damaged_before(starts[at]):
                raise VideoError(self.path, 'decode', f'frame {number} differs by damage far before it')
            if at == 0:
                raise VideoError(
                    self.path,
                    'decode',
                    f'frame {number} differs from what it was when the file was indexed',
                    'Do not change a file while it is read; remove the index beside it, if there is one',
                )
            self._unusable.add(starts[at])
            at, step = max(at - step, 0), 2 * step

    def _is_damaged_before(self, position: int) -> bool:
        """Whether something was flagged or refused before a start, so that the decoder's state there is in doubt."""
        positions = self.truth.frames['position'][self.truth.frames['damaged']]
        return bool((positions < position).any()) or any(fault.position < position for fault in self.truth.faults)

    def _advance(self, run: _Run, number: int) -> VideoFrame | None:
        """The frame with this number, if it is the one of the truth; else the run is of no more use."""
        for found, frame in run:
            if found == number:
                if self._is_as_before(frame, number):
                    return frame
                break
            if found > number:
                break
        self._next = -1
        return None

    def _is_as_before(self, frame: VideoFrame, number: int) -> bool:
        expected = self.truth.frames[number]
        if pixel_digest(frame, self._converter) != expected['pixels']:
            return False
        return not self._has_vectors or vector_digest(frame) == expected['vectors']

    def _run(self, start: int, *, fresh: bool) -> _Run:
        """Frames in display order from a start on, numbered by the packets that they come from."""
        self._renew() if fresh else self._flush()
        ordered = self.truth.has_positions
        faults: list[Fault] = []  # known already, or seen by what is lacking
        decoded = decode_in_turn(self._decoding[1].codec_context, self._fed(start), faults, first=start)
        for count, item in enumerate(decoded):
            number = self._number_at.get(item.position) if ordered else count
            if number is not None:
                yield number, item.frame

    def _fed(self, start: int) -> Iterator[Any]:
        self._next = start
        for position, packet in self._packets(start):
            self._next = position + 1
            yield packet

    def _flush(self) -> None:
        self._decoding[1].codec_context.flush_buffers()

    def _renew(self) -> None:
        """An empty decoder with nothing but the headers at the start of the file."""
        if self._decoding is not self._source:
            self._decoding[0].close()
        self._decoding = open_video(self._file)
        self._decoding[1].codec_context.copy_opaque = True

    def _keeping(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Packets as they come; a small file's are kept, so that they are read once."""
        kept, size = [], 0
        for packet in packets:
            size += packet.size
            if size <= KEPT:
                kept.append(packet)
            yield packet
        if size <= KEPT:
            self._kept = kept

    def _packets(self, start: int) -> Iterator[tuple[int, Any]]:
        """Positions and packets from a position on, wherever the container's own seek lands."""
        if self._kept is not None:
            yield from enumerate(self._kept[start:], start)
            return
        found = self._sought(start) if start else None
        if found is None:
            self._reopen_source()
            found = enumerate(packets_with_data(*self._source))
        for position, packet in found:
            if position >= start:
                yield position, packet

    def _sought(self, start: int) -> Iterator[tuple[int, Any]] | None:
        """Packets from at most ``start`` on by the container's seek; None where it does not lead there."""
        table = self.truth.packets
        container, stream = self._source
        if self._known is None:
            self._known = {tuple(row)[:4]: number for number, row in enumerate(table.tolist())}
        for field in ('pts', 'dts'):
            target = int(table[field][start])
            if target == NO_STAMP:
                continue
            try:
                container.seek(target, stream=stream)
                packets = packets_with_data(container, stream)
                first = next(packets, None)
            except FFmpegError:
                continue
            number = None if first is None else self._known.get(signature(first))
            if number is not None and number <= start:
                return self._numbered(number, first, packets)
            packets.close()  # type: ignore[attr-defined]  # a generator
        return None

    def _numbered(self, number: int, first: Any, others: Iterator[Any]) -> Iterator[tuple[int, Any]]:
        yield number, first
        yield from enumerate(others, number + 1)

    def _reopen_source(self) -> None:
        """Read the file from its start again, with the decoder as it is."""
        source = open_video(self._file)
        if self._source is not self._decoding:
            self._source[0].close()
        self._source = source
