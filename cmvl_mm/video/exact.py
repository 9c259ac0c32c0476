"""Random access to a stream without a proven index: every frame is compared with a full decode before it is returned.

Decoding starts at a key frame and skips everything before.  Whether that gives the frames of the sequential decode
depends on the stream: its headers may change, its key frames may not be real ones, a decoder may keep more state than
a flush clears.  So each frame must match the checksums of the truth (truth.py).  If it differs, decoding starts
earlier, in the end at the start of the file.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from cmvl_mm.video.container import Opened, open_video
from cmvl_mm.video.decoder_options import CODECS_WITH_VECTORS, codec_name
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.exact_packets import PacketSource
from cmvl_mm.video.exact_starts import Starts, flagged_frames
from cmvl_mm.video.frame_faults import damaged
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.sequential import Fault, decode_in_turn, pixel_digest, vector_digest
from cmvl_mm.video.source import Source
from cmvl_mm.video.truth import Truth, find_truth

_Run = Iterator[tuple[int, VideoFrame]]


class ExactReader:
    """Reads one open file, checked against its truth.

    Args:
        source: the file.
        opened: its container and stream, from which nothing was read.
        truth: the truth of the file if it is known; None decodes the file once, from start to end.

    Raises:
        VideoError: stage ``index``, if no frame is decoded.
    """

    def __init__(self, source: Source, opened: Opened, truth: Truth | None) -> None:
        self._file, self.path = source, source.name
        self._converter = VideoReformatter()
        self._packets = PacketSource(source, opened)
        self._decoding = opened  # provides the decoder; another file if packets are kept and the decoder is renewed
        self._has_vectors = codec_name(opened[1]) in CODECS_WITH_VECTORS
        self._next = -1  # position of the packet that the current run feeds next
        if truth is None:
            with reporting(self.path, 'index'):
                truth = find_truth(self.path, opened[1], self._packets.all())
            self._flush()
        opened[1].codec_context.copy_opaque = True
        self.truth = truth
        positions = truth.frames['position']
        self._number_at = {int(position): number for number, position in enumerate(positions)}
        self._starts = Starts(truth)

    @property
    def kept(self) -> list[Any] | None:
        """All packets of the file in decoding order, if it is small and they were read; else None."""
        return self._packets.kept

    def close(self) -> None:
        self._packets.kept = None
        for container, _ in {id(pair): pair for pair in (self._packets.opened, self._decoding)}.values():
            container.close()

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The wanted frames (sorted display indices), each as the sequential decode gave it.

        Raises:
            VideoError: stage ``decode``, at a frame that the truth marks as damaged, or that does not decode to
                the same again.
        """
        run: _Run = iter(())
        self._next = -1
        for number in wanted:
            if self.truth.frames['damaged'][number]:
                raise damaged(self.path, number)
            start = self._starts.positions[self._starts.place_of(number)]
            # A start that was fed already, or comes next, needs no seek.
            if start > self._next:
                run = self._run(start, fresh=False)
            frame = self._advance(run, number)
            if frame is None:
                run, frame = self._from_a_better_start(number)
            yield number, frame

    def keyframes(self) -> npt.NDArray[np.int64]:
        """Display indices of the frames that are flagged as key frames and decode alone.

        The flags are the decoder's, or the container's if the decoder sets none.  Each frame is decoded from its own
        packets in an empty decoder, and compared with the frame of the sequential decode.
        """
        frames = self.truth.frames
        by_decoder = bool(frames['key'].any())
        candidates = flagged_frames(self.truth)
        if not self.truth.has_positions or self._decoding[1].codec_context.codec.intra_only:
            return candidates
        ends = np.append(np.sort(frames['position']), len(self.truth.packets))
        units = {}
        for number in candidates.tolist():
            position = int(frames['position'][number])
            units[position] = number, int(ends[np.searchsorted(ends, position, side='right')])
        self._renew()  # a flush keeps the headers of the end of the file
        alone = []
        self._next = -1
        unit: list[Any] = []
        current = None
        for position, packet in self._packets.since(0, self.truth, self._decoding):
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
        # A decoder that sets no flags may keep the last picture after a flush.
        self._renew() if fresh else self._flush()
        position = int(self.truth.frames['position'][number])
        for item in decode_in_turn(self._decoding[1].codec_context, unit, [], first=position):
            if item.position == position:
                digest = pixel_digest(item.frame, self._converter)
                return not item.frame.is_corrupt and digest == self.truth.frames['pixels'][number]
        return False

    def _from_a_better_start(self, number: int) -> tuple[_Run, VideoFrame]:
        """Decode from the same start with a new decoder; then one, two, four ... starts earlier; in the end from 0."""
        starts = self._starts.positions
        at, step = self._starts.place_of(number), 1
        while True:
            run = self._run(starts[at], fresh=True)
            frame = self._advance(run, number)
            if frame is not None:
                return run, frame
            if self._starts.is_damaged_before(starts[at]):
                raise VideoError(
                    self.path, 'decode', f'frame {number} decodes differently because of damage far before it'
                )
            if at == 0:
                raise VideoError(
                    self.path,
                    'decode',
                    f'frame {number} differs from what it was when the file was indexed',
                    'Do not change a file while it is read; delete the index beside it, if there is one',
                )
            self._starts.unusable.add(starts[at])
            at, step = max(at - step, 0), 2 * step

    def _advance(self, run: _Run, number: int) -> VideoFrame | None:
        """The frame with this number, if it matches the truth; otherwise the run cannot be used any more."""
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
        faults: list[Fault] = []  # already known, or noticed by what is missing
        decoded = decode_in_turn(self._decoding[1].codec_context, self._fed(start), faults, first=start)
        for count, item in enumerate(decoded):
            number = self._number_at.get(item.position) if ordered else count
            if number is not None:
                yield number, item.frame

    def _fed(self, start: int) -> Iterator[Any]:
        self._next = start
        for position, packet in self._packets.since(start, self.truth, self._decoding):
            self._next = position + 1
            yield packet

    def _flush(self) -> None:
        self._decoding[1].codec_context.flush_buffers()

    def _renew(self) -> None:
        """An empty decoder with only the headers at the start of the file."""
        if self._decoding is not self._packets.opened:
            self._decoding[0].close()
        self._decoding = open_video(self._file)
        self._decoding[1].codec_context.copy_opaque = True
