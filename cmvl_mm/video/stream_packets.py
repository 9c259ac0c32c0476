"""Packets of one open file: from a key frame on, from its first one on, or one alone."""

from collections.abc import Iterator, Set
from itertools import islice
from typing import Any

from av import FFmpegError

from cmvl_mm.video.container import all_packets, open_video, packets_with_data
from cmvl_mm.video.decoder_options import Decoding, configure
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.index import Start
from cmvl_mm.video.reporting import failure
from cmvl_mm.video.source import Source

_KEPT = 16 << 20  # bytes of packets at most


class StreamPackets:
    """An open container, its video stream, and where the next packet comes from.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.path = source, source.name
        self.decoding: Decoding | None = None
        """What was decided on before anything was decoded; see `configure`."""
        self.container, self.stream = open_video(source)
        self.next_position = -1
        """Of the packet to feed next, in decoding order."""
        self.left_out: Set[int] = frozenset()
        """Positions, in decoding order, of packets that are not decoded. Call `start_anew` after a change."""
        self._packets: Iterator[Any] = iter(())  # from next_position on
        self._kept: list[Any] | None = None  # all packets of the open container
        self._open = True
        self._at_start = True  # nothing was read from the container yet

    def decide(self, decoding: Decoding) -> None:
        """What this reader will decode, once and before it does."""
        self.decoding = decoding
        configure(self.stream.codec_context, decoding)

    def close(self) -> None:
        self.start_anew()  # the packets' generator holds this object: together they would wait for the collector
        self._kept = None
        self.container.close()
        self._open = False

    def check_open(self) -> None:
        if not self._open:
            remedy = 'Read inside the with block, or open it again'
            raise VideoError(self.path, 'open', 'the video was closed before this read', remedy)

    def rewind(self) -> None:
        """Open the file anew, unless it is new: not every container can seek to its start."""
        self.check_open()
        if not self._at_start:
            self._kept = None  # packets refer to their container
            self.container.close()
            self.container, self.stream = open_video(self.source)
            if self.decoding is not None:
                self.decide(self.decoding)
            self.start_anew()
        self._at_start = False  # it is about to be read

    def all_packets(self) -> Iterator[Any]:
        """Every packet after `rewind`, in decoding order; a small file's are kept, so that they are read once."""
        kept, size = [], 0
        # Of a larger one, none: the C library would hold on to their memory when they are let go.
        is_small = self.container.size <= _KEPT
        for packet in all_packets(self.path, self.container, self.stream):
            size += packet.size
            if is_small and size <= _KEPT:
                kept.append(packet)
            yield packet
        if is_small and size <= _KEPT:
            self._kept = kept

    @property
    def kept(self) -> list[Any] | None:
        """All packets of the open file, in decoding order, where it is small and they were read; else None."""
        return self._kept

    def packet(self, start: Start, position: int) -> Any:
        """One packet, by its position in decoding order; those before it are skipped.

        Args:
            start: the key frame before it, or its own.

        Raises:
            VideoError: stage ``decode``, if the packet is not there.
        """
        if not start.position <= self.next_position <= position:
            self._packets = self._packets_from(start)
        try:
            for packet in self._packets:
                if self.next_position > position:
                    return packet
        except VideoError:
            raise
        except Exception as error:
            raise failure(self.path, 'decode', error) from error
        raise VideoError(self.path, 'decode', f'the stream ends before its packet {position}')

    def _packets_before(self, stop: int) -> Iterator[Any]:
        """The next packets up to a position; `start_anew` before the next read, whose seek flushes the decoder."""
        while self.next_position < stop:
            packet = next(self._packets, None)
            if packet is None:
                return
            yield packet

    def start_anew(self) -> None:
        """The next packet will be sought, whatever was read before."""
        self._packets, self.next_position = iter(()), -1

    def _packets_from(self, start: Start) -> Iterator[Any]:
        """Packets from a key frame on, wherever the container's own seek lands."""
        self.next_position = start.position
        if self._kept is not None:
            self.check_open()
            self.stream.codec_context.flush_buffers()
            for packet in islice(self._kept, start.position, None):
                self.next_position += 1
                if self.next_position - 1 not in self.left_out:
                    yield packet
            return
        for target in (start.pts, start.dts, None):
            if not self._seek(target):
                continue
            found = False
            for packet in packets_with_data(self.container, self.stream):
                found = found or (packet.pts == start.pts and packet.is_keyframe)
                if found:
                    self.next_position += 1
                    if self.next_position - 1 not in self.left_out:
                        yield packet
                elif target is not None and (packet.dts is None or packet.dts > start.dts):
                    break  # landed after the key frame
            if found:
                return
        raise VideoError(self.path, 'decode', f'key frame {start.first} is in the index, but not in the file')

    def _seek(self, target: int | None) -> bool:
        """Go near a time stamp, or to the start of the file; False where the container cannot."""
        self.check_open()
        if target is None:
            self.rewind()
            return True
        self._at_start = False
        try:
            self.container.seek(target, stream=self.stream)
        except FFmpegError:
            return False
        return True
