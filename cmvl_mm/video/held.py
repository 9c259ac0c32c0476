"""The last frame of decoders that delay it: a flush would return it without its motion vectors."""

from collections.abc import Callable
from typing import Any

import av
from av import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

_HOLDING = {'mpeg1video', 'mpeg2video', 'mpeg4'}
_MARK = 1 << 62  # a time stamp that no stream uses


def padded_packet(data: bytes) -> av.Packet:
    """A packet with zeros after its end, so that a decoder always gives the same result for it."""
    packet = av.Packet(len(data))
    packet.update(data)
    return packet


def push_out(
    context: VideoCodecContext, decode: Callable[[Any], list[VideoFrame]], key_packet: Any
) -> list[VideoFrame]:
    """The frames that the decoder still holds at the end of a stream.

    The decoders of MPEG-1, MPEG-2 and MPEG-4 Part 2 return a reference frame, with its vectors, when the next one
    arrives. A flush returns it without vectors. So the last key frame is fed again, and its output is discarded.

    Args:
        context: the decoder; flush it before using it again, as after any end of a stream.
        decode: the decode function of the context.
        key_packet: the last key frame that was fed, if any: an earlier one may have other headers.
    """
    holds = context.codec.canonical_name in _HOLDING and context.has_b_frames
    if not holds or key_packet is None:
        return decode(None)
    again = padded_packet(bytes(key_packet))
    again.pts = again.dts = _MARK
    again.time_base = key_packet.time_base
    try:
        frames = decode(again)
        if not frames or any(frame.pts == _MARK for frame in frames):  # no reference frame, or flagged as damaged
            frames += decode(None)
        return [frame for frame in frames if frame.pts != _MARK]
    except FFmpegError:
        return decode(None)
