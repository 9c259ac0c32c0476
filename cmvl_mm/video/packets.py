"""Packets of a file by display index."""

from collections.abc import Iterable, Iterator
from typing import Any

from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.errors import VideoError


class PacketsByFrame:
    """Packets of an open video, from a separate container: consecutive reads go through the file once.

    Args:
        decoder: decoder of the video, whose frames each come from a known packet.
    """

    def __init__(self, decoder: FrameDecoder) -> None:
        self._decoder = decoder
        self._reader = decoder.new_reader()
        self.stream = self._reader.stream
        """The stream; its decoder is not used."""
        self._walk: Iterator[tuple[int, Any]] = iter(())
        self._next: int | None = None  # position of the next packet in decoding order; None before the first read

    def close(self) -> None:
        self._walk = iter(())
        self._reader.close()

    def of(self, numbers: Iterable[int]) -> Iterator[tuple[int, Any]]:
        """Display indices and their packets, in decoding order.

        Raises:
            VideoError: stage ``decode``, if a packet is missing.
        """
        index, positions = self._decoder.index, self._decoder.position
        for position, number in sorted((int(positions[number]), number) for number in numbers):
            if index is not None:
                yield number, self._reader.packet(index.start_of(number), position)
            else:
                yield number, self._packet_at(position)

    def _packet_at(self, position: int) -> Any:
        """The packet at a position, in a stream that is not proven regular: the reader does not seek."""
        if self._next is None or position < self._next:
            if self._reader.kept is None:
                self._reader.rewind()
            self._walk, self._next = enumerate(self._reader.kept or self._reader.all_packets()), 0
        for found, packet in self._walk:
            self._next = found + 1
            if found == position:
                return packet
        raise VideoError(self._decoder.path, 'decode', f'the stream ends before packet {position}')
