"""Opening a video file, and decoding it strictly: what FFmpeg conceals is reported here."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Literal, NamedTuple

import av
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video.errors import Stage, VideoError

MAX_SIDE = 8192  # px; a header that states more is taken for damage, so that it cannot exhaust the memory

FORMATS = 'asf,avi,dv,flv,gif,h263,h264,hevc,ivf,m4v,matroska,mov,mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm'
"""Containers and raw streams that hold their frames themselves, by the names of FFmpeg's demuxers."""

# Codecs whose exported vectors were seen to follow a synthetic pan (tests/video/test_motion.py).
_MPEG = {'mpeg1video', 'mpeg2video', 'mpeg4', 'h264'}
_RELATIVES = {'h263', 'flv1', 'msmpeg4v2', 'msmpeg4v3', 'wmv1', 'wmv2', 'rv10', 'rv20'}
CODECS_WITH_VECTORS = frozenset(_MPEG | _RELATIVES)

Decoding = Literal['pixels', 'vectors']

# What a decoder may leave out when only vectors are wanted, which it reads before it touches a pixel: the inverse
# transform, and the filter between blocks. Vectors and the damage that FFmpeg flags stay the same, as
# tests/video/test_vectors_alone.py shows. (lowres=3 is faster still, but FFmpeg then flags no damage.)
_CHEAPER_MPEG = {'skip_idct': 'all'}
CHEAPER_FOR_VECTORS = dict.fromkeys(('mpeg1video', 'mpeg2video', 'mpeg4'), _CHEAPER_MPEG) | {
    'h264': {'skip_idct': 'all', 'skip_loop_filter': 'all'}
}


@contextmanager
def reporting(path: str, stage: Stage) -> Iterator[None]:
    """Turn whatever PyAV raises into `VideoError`: bare ValueError, EOFError and many more."""
    try:
        yield
    except VideoError:
        raise
    except Exception as error:
        raise _failure(path, stage, error) from error


def open_video(path: str, decoding: Decoding = 'pixels') -> tuple[InputContainer, VideoStream]:
    """The container and its first video stream; one decoder thread, motion vectors on.

    Args:
        path: a regular file.
        decoding: 'vectors' leaves out what only pixels need, where the codec can: frames then hold garbage, and the
            right vectors.

    Raises:
        VideoError: stage ``open``, for anything but a regular file that holds video of a sane size.
    """
    with reporting(path, 'open'):
        _check_file(path)
        # 'file:' and the white lists: a colon in a name is no protocol, and a play list, which would open other files
        # than the one that it was allowed to, is no video.
        container = av.open(
            f'file:{Path(path).absolute()}',
            options={'protocol_whitelist': 'file', 'format_whitelist': FORMATS},
            metadata_errors='replace',
        )
        try:
            return container, _prepare(path, container, decoding)
        except BaseException:
            container.close()
            raise


def codec_name(stream: VideoStream) -> str:
    """FFmpeg's name of the format, whatever decoder serves it: ``h264``, ``mpeg4``, ``av1``."""
    return stream.codec_context.codec.canonical_name


def _check_file(path: str) -> None:
    if not os.path.exists(path):
        raise VideoError(path, 'open', 'there is no such file')
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for ever
        raise VideoError(path, 'open', 'this is not a regular file')
    if not status.st_size:
        raise VideoError(path, 'open', 'the file is empty')


def _prepare(path: str, container: InputContainer, decoding: Decoding) -> VideoStream:
    if not container.streams.video:
        raise VideoError(path, 'open', 'there is no video stream in this file')
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        raise VideoError(path, 'open', 'there is no decoder for this video stream')
    if not (0 < context.width <= MAX_SIDE and 0 < context.height <= MAX_SIDE):
        raise VideoError(
            path,
            'open',
            f'the header states {context.width}x{context.height} px; accepted are sides of 1 to {MAX_SIDE}',
        )
    # Frame threads give silently wrong vectors in H.264 with B-frames.
    context.thread_count = 1
    options = {'max_pixels': str(MAX_SIDE * MAX_SIDE)}
    if codec_name(stream) in CODECS_WITH_VECTORS:
        options['flags2'] = '+export_mvs'
    if decoding == 'vectors':
        options |= CHEAPER_FOR_VECTORS.get(codec_name(stream), {})
    context.options = options
    return stream


def packets_with_data(container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """Packets in decoding order, without the empty ones: AVI marks dropped frames so, PyAV the end."""
    return (packet for packet in container.demux(stream) if packet.size)


def all_packets(path: str, container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """Packets of a file just opened, from the first to the last.

    Raises:
        VideoError: stage ``index``, if .mp4's own table lists more of them: the file was cut off.
    """
    count = 0
    for packet in packets_with_data(container, stream):
        yield packet
        count += 1
    listed = sum(entry.size > 0 for entry in stream.index_entries)
    if 'mp4' in container.format.name and count < listed:
        raise VideoError(path, 'index', f'the file is cut off: its table lists {listed} frames, it holds {count}')


class DecodedFrame(NamedTuple):
    """One displayed frame, and whether what it depends on is sound."""

    frame: VideoFrame
    damaged: bool
    """FFmpeg flagged this frame or one since the key frame before it, or there is none: pixels are partly invented."""


def decode_strictly(path: str, stream: VideoStream, packets: Iterable[Any]) -> Iterator[DecodedFrame]:
    """Decode packets, and at their end what the decoder holds back; frames come in display order.

    Raises:
        VideoError: stage ``decode``, at the first packet that does not decode.
    """
    source = iter(packets)
    with reporting(path, 'decode'):
        first = next(source, None)
    if first is None:
        return
    # Without a picture that stands alone, the decoder starts from grey and flags nothing. A first picture that an edit
    # list hides is not seen here, but was decoded.
    damaged = not first.is_discard
    for number, frame in enumerate(_decode(path, stream, chain([first], source))):
        whole = frame.key_frame or (number == 0 and stands_alone(frame))
        damaged = frame.is_corrupt or (damaged and not whole)
        yield DecodedFrame(frame=frame, damaged=damaged)


def stands_alone(frame: VideoFrame) -> bool:
    """Whether a frame needs no other: a key frame or any I-frame."""
    return frame.key_frame or int(frame.pict_type) == PictureType.I


def _decode(path: str, stream: VideoStream, packets: Iterable[Any]) -> Iterator[VideoFrame]:
    decode = stream.codec_context.decode
    source = iter(packets)
    while True:
        try:  # what `reporting` does, without entering a context for every packet
            packet = next(source, None)
            frames = decode(packet)
        except VideoError:
            raise
        except Exception as error:
            raise _failure(path, 'decode', error) from error
        yield from frames
        if packet is None:
            return


def _failure(path: str, stage: Stage, error: Exception) -> VideoError:
    return VideoError(path, stage, f'{type(error).__name__}: {error}')
