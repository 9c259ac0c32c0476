"""The reference decode of a stream: what a decoder shows when it gets every packet in turn, from first to last."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import VideoReformatter

from cmvl_mm.bitstream.by_codec import need_tables
from cmvl_mm.video.columns import RECORD
from cmvl_mm.video.held import push_out
from cmvl_mm.video.macroblocks import listening_decode, origin_of
from cmvl_mm.video.side_data import motion_records

_PLAIN_BITS = range(8, 17)
_UNSPECIFIED = 2  # ITU-T H.273, MatrixCoefficients
# Bytes of a record that FFmpeg sets; the padding holds arbitrary values.
_SET = np.zeros(RECORD.itemsize, np.bool_)
for _name, (_kind, _first, *_) in (RECORD.fields or {}).items():
    _SET[_first : _first + _kind.itemsize] = True


class Origin(NamedTuple):
    """The data that a packet carries through the decoder."""

    position: int


class Shown(NamedTuple):
    """A frame as the decoder returns it."""

    frame: VideoFrame
    position: int
    """Position in decoding order of the packet that the frame came from; -1 if the decoder does not say."""


class Fault(NamedTuple):
    """A packet that the decoder rejects."""

    position: int
    reason: str


def decode_in_turn(
    context: VideoCodecContext, packets: Iterable[Any], faults: list[Fault], first: int = 0
) -> Iterator[Shown]:
    """Frames in display order, each with its packet's position; decoding continues after packets that are rejected.

    Args:
        context: the decoder; fresh or flushed.
        packets: packets in decoding order.
        faults: rejected packets are appended to it.
        first: position of the first packet.
    """
    decode = decode_of(context)
    key, position = None, first - 1
    for position, packet in enumerate(packets, first):
        packet.opaque = Origin(position)  # a separate object each: PyAV 18.1 identifies opaque objects by address alone
        if packet.is_keyframe:
            key = packet
        yield from _decoded(partial(decode, packet), position, faults)
    yield from _decoded(partial(push_out, context, decode, key), position + 1, faults)


def decode_of(context: VideoCodecContext) -> Callable[[Any], list[VideoFrame]]:
    """``context.decode``, or `listening_decode` if vectors are only usable with FFmpeg's macroblock table."""
    listens = need_tables(context.codec.canonical_name, context.extradata)
    return listening_decode(context) if listens else context.decode


def _decoded(decode: Callable[[], list[VideoFrame]], position: int, faults: list[Fault]) -> Iterator[Shown]:
    try:
        frames = decode()
    except Exception as error:  # PyAV raises bare ValueError, EOFError and many more
        faults.append(Fault(position, f'{type(error).__name__}: {error}'))
        return
    for frame in frames:
        origin = origin_of(frame)
        yield Shown(frame, origin.position if isinstance(origin, Origin) else -1)


def stands_alone(frame: VideoFrame) -> bool:
    """Whether the decoder reports that a frame needs no other frame: a key frame or any I-frame."""
    return frame.key_frame or int(frame.pict_type) == PictureType.I


def names_no_type(frame: VideoFrame) -> bool:
    """Whether the decoder sets neither picture types nor key flags."""
    return not frame.key_frame and int(frame.pict_type) == PictureType.NONE


def pixel_digest(frame: VideoFrame, converter: VideoReformatter) -> int:
    """Checksum of a frame's samples, without the padding of its lines."""
    if not _is_plain(frame):
        matrix, frame.colorspace = frame.colorspace, _UNSPECIFIED  # swscale rejects matrices that it does not know
        converted = converter.reformat(frame, format='rgba64le', threads=1)
        frame.colorspace, frame = matrix, converted
    digest = zlib.crc32(f'{frame.format.name} {frame.width}x{frame.height}'.encode())
    components = frame.format.components
    for number, plane in enumerate(frame.planes):
        here = [component for component in components if component.plane == number]
        size = sum(component.width * (-(-component.bits // 8)) for component in here)
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        digest = zlib.crc32(lines[:, :size].tobytes(), digest)
    return digest


def _is_plain(frame: VideoFrame) -> bool:
    """Whether each sample takes whole bytes, so that the components give a line's length."""
    form = frame.format
    planar = len({component.plane for component in form.components}) == len(form.components)
    return planar and not form.has_palette and all(component.bits in _PLAIN_BITS for component in form.components)


def vector_digest(frame: VideoFrame) -> int:
    """Checksum of a frame's motion-vector records, without their padding; 0 if it has none."""
    records = motion_records(frame)
    if records is None:
        return 0
    raw = np.frombuffer(records, np.uint8).reshape(-1, RECORD.itemsize)
    return zlib.crc32(raw[:, _SET].tobytes(), 1)
