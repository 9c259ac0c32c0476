"""One open container and its decoder: frames from a key frame on, or from the start of the file."""

from collections.abc import Iterator
from typing import Any

from av.video.frame import VideoFrame

from cmvl_mm.video.container import all_packets
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.index import Start
from cmvl_mm.video.lone import LoneDecoder
from cmvl_mm.video.reporting import failure
from cmvl_mm.video.source import Source
from cmvl_mm.video.stream_packets import StreamPackets
from cmvl_mm.video.strict_decoding import DecodedFrame, decode_strictly


class StreamReader(StreamPackets):
    """Reads the video stream of a file that is proven regular, or that is being examined for that.

    Args:
        source: the file.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._lone: LoneDecoder | None = None
        self._met_damage = False  # a flush keeps parameter sets and headers as damage may have left them

    def rewind(self) -> None:
        """Rewind, with a decoder that has met no damage."""
        if not self._at_start:
            self._lone = None  # its stream refers to its container
        super().rewind()
        self._met_damage = False

    def decode_all(self) -> Iterator[DecodedFrame]:
        """Every frame of the file, in display order."""
        self.rewind()
        return self._decode(all_packets(self.path, self.container, self.stream))

    def decode_from(self, start: Start, stop: int | None = None) -> Iterator[DecodedFrame]:
        """Frames in display order from a key frame on; in an open GOP some of them belong before it.

        The packet at position ``stop`` is not fed, as if the file ended before it.

        If the key frame's packet comes next, no seek is needed.  A decoder that met damage is replaced, because a seek
        would only flush it.
        """
        if self._met_damage:
            self.rewind()
        if self.next_position != start.position:
            self._packets = self._packets_from(start)
        return self._decode(self._packets if stop is None else self._packets_before(stop))

    def _decode(self, packets: Iterator[Any]) -> Iterator[DecodedFrame]:
        try:
            for decoded in decode_strictly(self.path, self.stream, packets):
                if decoded.damaged:
                    self._met_damage = True
                yield decoded
        except VideoError:
            self._met_damage = True
            raise

    def decode_vectors(self, start: Start, position: int) -> list[VideoFrame] | None:
        """Decode one packet of MPEG-4 Part 2 by itself, for its vectors; the pixels are garbage.

        Args:
            start: the preceding key frame.
            position: position of the packet in decoding order; packets before it are skipped, not decoded.

        Returns:
            The frames; None for an I-frame, which has no vectors and is not decoded.

        Raises:
            VideoError: stage ``decode``, if the packet is missing or does not decode.
        """
        packet = self.packet(start, position)
        if self._lone is None:
            self._lone = LoneDecoder(self.stream)
        try:  # as `reporting`, without a context manager for every packet
            return self._lone.decode(packet)
        except Exception as error:
            raise failure(self.path, 'decode', error) from error
