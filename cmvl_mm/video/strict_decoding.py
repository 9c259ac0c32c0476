"""Decoding that reports what FFmpeg conceals."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.held import push_out
from cmvl_mm.video.leading import DROPS_LOST, begin_with_key_frame
from cmvl_mm.video.reporting import OF_CODE, failure, reporting
from cmvl_mm.video.sequential import decode_of, names_no_type, stands_alone


class DecodedFrame(NamedTuple):
    """One displayed frame, and whether the frames that it depends on are undamaged."""

    frame: VideoFrame
    damaged: bool
    """FFmpeg flagged this frame or one since its key frame, or there is no key frame: pixels are partly invented."""


def decode_strictly(path: str, stream: VideoStream, packets: Iterable[Any]) -> Iterator[DecodedFrame]:
    """Decode packets, then what the decoder still holds; frames come in display order.

    Raises:
        VideoError: stage ``decode``, at the first packet that does not decode.
    """
    source = iter(packets)
    with reporting(path, 'decode'):
        first = next(source, None)
    if first is None:
        return
    # Without a first picture that decodes alone, the decoder starts from grey and flags nothing. A first picture hidden
    # by an edit list is not seen here, but was decoded. Some decoders give no type or flag for their pictures.
    damaged = not first.is_discard
    packets = chain([first], source)
    if codec_name(stream) in DROPS_LOST:
        stream.codec_context.copy_opaque = True
        begins_whole, frames = begin_with_key_frame(packets, partial(_decode, path, stream))
        damaged = damaged and not begins_whole
    else:
        frames = _decode(path, stream, packets)
    for number, frame in enumerate(frames):
        whole = frame.key_frame or (
            number == 0 and (stands_alone(frame) or (names_no_type(frame) and first.is_keyframe))
        )
        damaged = frame.is_corrupt or (damaged and not whole)
        yield DecodedFrame(frame=frame, damaged=damaged)


def _decode(path: str, stream: VideoStream, packets: Iterable[Any]) -> Iterator[VideoFrame]:
    context = stream.codec_context
    decode = decode_of(context)
    source = iter(packets)
    key = None
    while True:
        try:  # as `reporting`, without a context manager for every packet
            packet = next(source, None)
            if packet is not None and packet.is_keyframe:
                key = packet
            frames = decode(packet) if packet is not None else push_out(context, decode, key)
        except (VideoError, *OF_CODE):
            raise
        except Exception as error:
            raise failure(path, 'decode', error) from error
        yield from frames
        if packet is None:
            return
