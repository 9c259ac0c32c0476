"""Decoded frames of a file by display index: as few packets as possible, never a frame in the wrong place."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from av import FFmpegError
from av.video.frame import VideoFrame

from cmvl_mm.video.container import (
    DecodedFrame,
    all_packets,
    decode_strictly,
    open_video,
    packets_with_data,
    reporting,
)
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.index import PacketIndex, Start, index_by_demux, index_from_header, index_without_stamps

logger = logging.getLogger(__name__)
_logged: set[str] = set()  # paths: a data set opens a video many times


class _StampsDisagree(Exception):
    """A frame does not carry the time stamp that the index foretold."""


class FrameDecoder:
    """One open video file.

    Three indices are believed in turn, each until a decoded frame contradicts it: the container's own table
    (free), the time stamps of all packets (one demux), and none at all (decoding from the start for every
    read).
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.container, self.stream = open_video(path)
        context = self.stream.codec_context
        self.height: int = context.height
        self.width: int = context.width
        self._open = True
        self._at_start = True  # nothing was read from the container yet
        self._index: PacketIndex | None = None
        self._may_use_header = True
        self._next_position = 0  # of the packet to feed next, in decoding order
        self._pictures: list[tuple[int, bool]] | None = None

    def close(self) -> None:
        self.container.close()
        self._open = False

    @property
    def index(self) -> PacketIndex:
        """Built at first use."""
        if self._index is None:
            self._check_open()
            with reporting(self.path, 'index'):
                if self._may_use_header:
                    self._index = index_from_header(self.path, self.container, self.stream)
                if self._index is None:
                    self._may_use_header = False
                    self._rewind()
                    self._at_start = False
                    self._index = index_by_demux(self.path, self.container, self.stream)
        return self._index

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        """The frames of these sorted display indices; after a mistaken first try, some come again."""
        while wanted:
            try:
                yield from self._by_stamps(wanted) if self.index.has_stamps else self._from_start(wanted)
                return
            except _StampsDisagree:
                self._distrust_index()

    def pictures(self) -> list[tuple[int, bool]]:
        """FFmpeg's picture type, and whether it is a key frame, of every frame: one full decode, once.

        Raises:
            VideoError: stage ``decode``, at the first frame that does not decode or was patched up.
        """
        if self._pictures is None:
            pictures = []
            for number, decoded in enumerate(self._decode_all()):
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

    def _by_stamps(self, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        index = self.index
        run: Iterator[tuple[int, DecodedFrame]] | None = None
        for number in wanted:
            start = index.start_of(number)
            # A key frame that is fed already, or comes next, needs no seek.
            if run is None or start.position > self._next_position:
                run = self._run(index, start)
            yield number, self._advance(run, number)

    def _from_start(self, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
        if self.path not in _logged:
            _logged.add(self.path)
            logger.warning('%s: no usable time stamps; every read decodes from the start', self.path)
        run = enumerate(self._decode_all())
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

    def _run(self, index: PacketIndex, start: Start) -> Iterator[tuple[int, DecodedFrame]]:
        """Frames in display order from a key frame on, each checked against the index."""
        expected = start.first
        for decoded in decode_strictly(self.path, self.stream, self._packets_from(start)):
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

    def _packets_from(self, start: Start) -> Iterator[Any]:
        """Packets from a key frame on, wherever the container's own seek lands."""
        self._next_position = start.position
        for target in (start.pts, start.dts, None):
            if not self._seek(target):
                continue
            found = False
            for packet in packets_with_data(self.container, self.stream):
                found = found or (packet.pts == start.pts and packet.is_keyframe)
                if found:
                    self._next_position += 1
                    yield packet
                elif target is not None and (packet.dts is None or packet.dts > start.dts):
                    break  # landed after the key frame
            if found:
                return
        raise VideoError(self.path, 'decode', f'key frame {start.first} is in the index, but not in the file')

    def _seek(self, target: int | None) -> bool:
        """Go near a time stamp, or to the start of the file; False where the container cannot."""
        self._check_open()
        if target is None:
            self._rewind()
        self._at_start = False
        try:
            if target is not None:
                self.container.seek(target, stream=self.stream)
        except FFmpegError:
            return False
        return True

    def _decode_all(self) -> Iterator[DecodedFrame]:
        self._rewind()
        self._at_start = False
        packets = all_packets(self.path, self.container, self.stream)
        return decode_strictly(self.path, self.stream, packets)

    def _rewind(self) -> None:
        """Open the file anew, unless it is new: not every container can seek to its start."""
        self._check_open()
        if not self._at_start:
            self.container.close()
            self.container, self.stream = open_video(self.path)
            self._at_start = True

    def _check_open(self) -> None:
        if not self._open:
            raise VideoError(self.path, 'open', 'the video was closed before this read')
