"""The residual of an MPEG-4 Part 2 packet, decoded from the packet alone.

A picture that is predicted from a flat picture of value 128 equals its residual plus 128, whatever its vectors: all
bilinear filters keep a constant.  So decoding one packet gives the residual, with FFmpeg's own inverse transform.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from av.codec import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.bitstream.mpeg4_flat_vop import MIDDLE, flat_i_vop, skipped_p_vop
from cmvl_mm.bitstream.mpeg4_headers import parse_layer, whole_macroblocks
from cmvl_mm.video.decoder_options import configure
from cmvl_mm.video.held import padded_packet

WHITEST = 255

Samples = npt.NDArray[np.uint8]


class ResidualDecoder:
    """Decodes packets of a stream with lone vectors (`has_lone_vectors`), in any order, each from a flat picture.

    Args:
        stream: video stream of the open file; its own decoder is not used.

    Raises:
        ValueError: the headers are not those of such a stream.
    """

    def __init__(self, stream: VideoStream) -> None:
        first = stream.codec_context
        # Prediction also uses samples beyond the picture's edges: they must be decoded, and be flat.
        header = whole_macroblocks(first.extradata or b'')
        layer = parse_layer(header)
        self._size = layer.height, layer.width
        self._layer = layer
        self._flat: dict[int, Packet] = {}  # by level, written at first use
        context = CodecContext.create(first.codec.name, 'r')
        assert isinstance(context, VideoCodecContext)
        context.extradata, context.codec_tag = header, first.codec_tag
        configure(context, 'pixels')
        self._context = context
        # After a flush, FFmpeg's decoder replaces the missing picture by grey. That costs nothing, but is not
        # guaranteed.
        self._begins_grey = False
        self._begins_grey = self._is_grey(padded_packet(skipped_p_vop(layer)))

    def decode(self, packet: Any) -> VideoFrame:
        """The residual of a P-VOP plus 128, clipped to 8 bits; macroblocks that are not predicted hold their pixels.

        An I-VOP decodes as usual.  The frame has whole macroblocks, and carries the vectors that FFmpeg exports.

        Raises:
            av.FFmpegError: the packet does not decode.
            ValueError: no frame comes out, or FFmpeg flags it as damaged.
        """
        return self._from(MIDDLE, packet)

    def decode_positive(self, packet: Any) -> VideoFrame:
        """The residual of a P-VOP where it is above 0, else 0, in whole macroblocks.

        Raises:
            the errors of `decode`.
        """
        return self._from(0, packet)

    def decode_negative(self, packet: Any) -> VideoFrame:
        """The residual of a P-VOP where it is below 0, else 0, plus `WHITEST`; in whole macroblocks."""
        return self._from(WHITEST, packet)

    def _from(self, level: int, packet: Any) -> VideoFrame:
        self._context.flush_buffers()
        if level != MIDDLE or not self._begins_grey:
            if level not in self._flat:
                self._flat[level] = padded_packet(flat_i_vop(self._layer, level))
            self._context.decode(self._flat[level])
        frames = self._context.decode(packet)
        if len(frames) != 1 or frames[0].is_corrupt or (frames[0].height, frames[0].width) != self._size:
            raise ValueError('the packet is damaged')
        return frames[0]

    def _is_grey(self, skipped: Packet) -> bool:
        self._context.flush_buffers()
        frames = self._context.decode(skipped)
        return len(frames) == 1 and all((plane == MIDDLE).all() for plane in cropped(planes_of(frames[0]), self._size))


def planes_of(frame: VideoFrame) -> list[Samples]:
    """Luma and chroma of a planar 8-bit frame, each (lines, bytes per line): columns at the right are padding.

    The arrays share the frame's memory.
    """
    return [np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size) for plane in frame.planes]


def cropped(planes: list[Samples], size: tuple[int, int]) -> list[Samples]:
    """Crop planes of 4:2:0 pictures to (height, width)."""
    height, width = size
    half = -(-height // 2), -(-width // 2)
    return [plane[:h, :w] for plane, (h, w) in zip(planes, ((height, width), half, half), strict=True)]
