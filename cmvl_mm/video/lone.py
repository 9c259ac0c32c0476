"""Decodes packets of MPEG-4 Part 2 one by one for their vectors, each as a fresh decoder would."""

from typing import Any

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.bitstream.mpeg4_headers import parse_layer
from cmvl_mm.bitstream.mpeg4_vops import is_intra_mpeg4, is_plain_p_vop
from cmvl_mm.video.second_decoders import vector_decoder


class LoneDecoder:
    """Decodes packets of a stream with lone vectors (`has_lone_vectors`), in any order.

    One decoder serves all packets whose header is plainly that of a P-frame: a new decoder for each would cost half as
    much again as the packet.  Any other header may change the decoder's state for the whole stream: where the bit after
    vop_time_increment is damaged, FFmpeg infers another length of that number, and reads all later headers with it.
    Such a packet gets a temporary decoder.

    Args:
        stream: video stream of the open file.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._shared = vector_decoder(stream)
        self._tick_bits: int | None
        try:
            self._tick_bits = parse_layer(stream.codec_context.extradata or b'').tick_bits
        except ValueError:
            self._tick_bits = None

    def decode(self, packet: Any) -> list[VideoFrame] | None:
        """Decode a packet without those before it; the pixels are garbage.

        Returns:
            The frames; None for an I-frame, which has no vectors and is not decoded.

        Raises:
            av.FFmpegError: the packet does not decode.
        """
        if self._tick_bits is not None and is_plain_p_vop(bytes(memoryview(packet)[:16]), self._tick_bits):
            return self._shared.decode(packet)
        return None if is_intra_mpeg4(packet) else vector_decoder(self._stream).decode(packet)
