"""Packets of one open file: from a key frame on, from the first packet on, or a single one."""

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

_KEPT = 16 << 20  # largest size, in bytes, of packets that are kept


class StreamPackets:
    """An open container, its video stream, and the position of its next packet.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.path = source, source.name
        self.decoding: Decoding | None = None
        """What the decoder was set up for before the first decode; see `configure`."""
        self.container, self.stream = open_video(source)
        self.next_position = -1
        """Position, in decoding order, of the packet to feed next."""
        self.left_out: Set[int] = frozenset()
        """Positions, in decoding order, of packets that are skipped. Call `start_anew` after a change."""
        self._packets: Iterator[Any] = iter(())  # from next_position on
        self._kept: list[Any] | None = None  # all packets of the open container
        self._open = True
        self._at_start = True  # nothing was read from the container yet

    def decide(self, decoding: Decoding) -> None:
        """Choose what this reader decodes, once, before the first decode."""
        self.decoding = decoding
        configure(self.stream.codec_context, decoding)

    def close(self) -> None:
        self.start_anew()  # the packets' generator holds this object: both would wait for the garbage collector
        self._kept = None
        self.container.close()
        self._open = False

    def check_open(self) -> None:
        if not self._open:
            remedy = 'Read inside the with block, or open the video again'
            raise VideoError(self.path, 'open', 'the video was closed before this read', remedy)

    def rewind(self) -> None:
        """Reopen the file unless nothing was read from it: not every container can seek to its start."""
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
        """Every packet after `rewind`, in decoding order; those of a small file are kept and read only once."""
        kept, size = [], 0
        # Packets of a larger file are not kept: the C library would not return their memory.
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
        """All packets of the open file in decoding order, if it is small and they were read; else None."""
        return self._kept

    def packet(self, start: Start, position: int) -> Any:
        """One packet, by its position in decoding order; packets before it are skipped.

        Args:
            start: the preceding key frame, or the packet's own.

        Raises:
            VideoError: stage ``decode``, if the packet is missing.
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
        raise VideoError(self.path, 'decode', f'the stream ends before packet {position}')

    def _packets_before(self, stop: int) -> Iterator[Any]:
        """The next packets up to a position; call `start_anew` before the next read, whose seek flushes the decoder."""
        while self.next_position < stop:
            packet = next(self._packets, None)
            if packet is None:
                return
            yield packet

    def start_anew(self) -> None:
        """Seek before the next packet, whatever was read before."""
        self._packets, self.next_position = iter(()), -1

    def _packets_from(self, start: Start) -> Iterator[Any]:
        """Packets from a key frame on, even if the container's seek is inaccurate."""
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
        """Seek near a time stamp, or to the start of the file; False if the container cannot."""
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
