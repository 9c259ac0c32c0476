"""Opening a video file, and decoding it strictly: what FFmpeg conceals is reported here."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, Literal, NamedTuple

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.bitstream.by_codec import need_tables
from cmvl_mm.video.choice import first_that_sends, video_streams
from cmvl_mm.video.errors import Stage, VideoError
from cmvl_mm.video.held import push_out
from cmvl_mm.video.leading import DROPS_LOST, begin_with_key_frame
from cmvl_mm.video.macroblocks import DEBUG
from cmvl_mm.video.pyav import open_file
from cmvl_mm.video.sequential import decode_of, names_no_type, stands_alone
from cmvl_mm.video.source import Source, as_source

MAX_SIDE = 8192  # px; a header that states more is taken for damage, so that it cannot exhaust the memory
_LARGEST = {'max_pixels': str(MAX_SIDE * MAX_SIDE)}  # FFmpeg's option: its decoders refuse to begin a larger frame

FORMATS = (
    'apng,asf,av1,avi,dirac,dnxhd,dv,evc,flv,gif,gxf,h261,h263,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mpeg,mpegts,'
    'mpegvideo,mxf,nsv,nut,obu,ogg,rm,vc1,vc1test,vvc,wtv,yuv4mpegpipe'
)
"""Containers and raw streams that hold their frames themselves, by the names of FFmpeg's demuxers."""

# Codecs whose exported vectors were seen to follow a synthetic pan (docs/vectors.md, tests/video/test_vectors*.py).
_MPEG = {'mpeg1video', 'mpeg2video', 'mpeg4', 'h264'}
_RELATIVES = {'h261', 'h263', 'flv1', 'msmpeg4v2', 'msmpeg4v3', 'wmv1', 'wmv2', 'rv10', 'rv20'}
CODECS_WITH_VECTORS = frozenset(_MPEG | _RELATIVES | {'snow'})

_OF_CODE = (TypeError, AttributeError, NameError, ImportError)
"""Errors that no file causes: a call that this PyAV does not take, or a mistake of ours. They stay as they are."""

Decoding = Literal['pixels', 'vectors']

# What a decoder may leave out when only vectors are wanted, which it reads before it touches a pixel: the inverse
# transform, and the filter between blocks. Vectors and the damage that FFmpeg flags stay the same, as
# tests/video/test_vectors_alone.py shows. lowres must not be used: it is faster still, but FFmpeg then flags no damage.
_CHEAPER_MPEG = {'skip_idct': 'all'}
CHEAPER_FOR_VECTORS = dict.fromkeys(('mpeg1video', 'mpeg2video', 'mpeg4'), _CHEAPER_MPEG) | {
    'h264': {'skip_idct': 'all', 'skip_loop_filter': 'all'}
}


@contextmanager
def reporting(path: str, stage: Stage) -> Iterator[None]:
    """Turn what PyAV raises for a file into `VideoError`: bare ValueError, EOFError and many more."""
    try:
        yield
    except (VideoError, *_OF_CODE):
        raise
    except Exception as error:
        raise failure(path, stage, error) from error


def open_video(video: str | Source) -> tuple[InputContainer, VideoStream]:
    """The container and its video stream, whose decoder is set up for pixels.

    The video is the first stream, in the order of the file, that sends packets and is no cover art.

    Args:
        video: the path of a regular file, or another source.

    Raises:
        VideoError: stage ``open``, for anything but a regular file that holds video of a sane size.
    """
    source = as_source(video)
    path = source.name
    with reporting(path, 'open'):
        _check_file(source)
        container = _open(source)
        try:
            streams = video_streams(path, container)
            stream = streams[0]
            if len(streams) > 1 and not stream.index_entries:
                index = first_that_sends(container, streams).index
                container.close()
                container = _open(source)
                stream = next(stream for stream in container.streams.video if stream.index == index)
            return container, _prepare(path, stream)
        except BaseException:
            container.close()
            raise


def _open(source: Source) -> InputContainer:
    try:
        # The white lists: a play list, which would open other files than the one that it was allowed to, is no video.
        # _LARGEST here, too: opening decodes some frames
        options = {'protocol_whitelist': 'file', 'format_whitelist': FORMATS, **_LARGEST}
        return open_file(source.for_pyav(), options)
    except av.ArgumentError as error:
        raise VideoError(
            source.name,
            'open',
            f'Error: the container is none of those that are accepted ({FORMATS.replace(",", ", ")})',
            'Remux it, for example with "ffmpeg -i IN -c copy OUT.mkv"',
        ) from error


def codec_name(stream: VideoStream) -> str:
    """FFmpeg's name of the format, whatever decoder serves it: ``h264``, ``mpeg4``, ``av1``."""
    return stream.codec_context.codec.canonical_name


def _check_file(source: Source) -> None:
    path = source.path
    if path is None:
        with source.open() as file:
            if not file.read(1):
                raise VideoError(source.name, 'open', 'it holds no bytes', 'Pass the whole content of a video file')
        return
    if not os.path.exists(path):
        raise VideoError(path, 'open', 'there is no such file', 'Check that the path is a video file that plays')
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):  # opening a FIFO would wait for ever
        raise VideoError(path, 'open', 'this is not a regular file')
    if not status.st_size:
        raise VideoError(path, 'open', 'the file is empty')


def _prepare(path: str, stream: VideoStream) -> VideoStream:
    context = stream.codec_context
    if min(context.width, context.height) < 1:  # FFmpeg refused what it found
        raise VideoError(path, 'open', f'the headers state no size, or one beyond {MAX_SIDE}x{MAX_SIDE} px')
    if max(context.width, context.height) > MAX_SIDE:
        size = f'{context.width}x{context.height}'
        raise VideoError(path, 'open', f'the header states {size} px; accepted are sides of 1 to {MAX_SIDE}')
    configure(context, 'pixels')
    return stream


def configure(context: VideoCodecContext, decoding: Decoding) -> None:
    """One thread, motion vectors on; of no effect once the decoder has decoded.

    Args:
        context: the decoder.
        decoding: 'vectors' leaves out what only pixels need, where the codec can: frames then hold garbage, and the
            right vectors.
    """
    # Frame threads give silently wrong vectors in H.264 with B-frames.
    context.thread_count = 1
    options = dict(_LARGEST)
    name = context.codec.canonical_name
    # Without it, the decoder keeps columns that are cropped off at left, unless they are as wide as its alignment.
    options['flags'] = '+unaligned'
    if name in CODECS_WITH_VECTORS:
        options['flags2'] = '+export_mvs'
    if name == 'h264':
        # Without it, FFmpeg guesses how far a stream without that header reorders its frames, and drops those that
        # come too late, without a flag.
        options['strict'] = '1'
    if need_tables(name, context.extradata):
        options |= DEBUG
    if name == 'mpeg4' and is_by_ffmpeg(context):
        # Looking out for other encoders' bugs, FFmpeg lets junk after a frame's last block pass until it has seen whole
        # frames: its verdict on a frame would depend on where decoding began.
        options['bug'] = '0'
    if decoding == 'vectors':
        options |= CHEAPER_FOR_VECTORS.get(name, {})
    context.options = options


def is_by_ffmpeg(context: VideoCodecContext) -> bool:
    """Whether the headers name FFmpeg's own encoder."""
    return b'Lavc' in (context.extradata or b'')


def packets_with_data(container: InputContainer, stream: VideoStream) -> Iterator[Any]:
    """Packets in decoding order, without the empty ones: AVI marks dropped frames so, PyAV the end."""
    packets = container.demux(stream)
    try:
        for packet in packets:
            if packet.size:
                yield packet
    finally:
        packets.close()  # type: ignore[attr-defined]  # a generator; left to the interpreter, it leaks some 300 bytes


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
    # list hides is not seen here, but was decoded. Some decoders say nothing of their pictures.
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


def is_intra_mpeg4(packet: Any) -> bool:
    """Whether a packet of MPEG-4 Part 2 surely holds an I-frame (ISO/IEC 14496-2, 6.2.5: ``vop_coding_type`` 0)."""
    data = bytes(memoryview(packet)[:256])  # other headers may come first
    code = data.find(b'\x00\x00\x01\xb6')
    return 0 <= code < len(data) - 4 and data[code + 4] >> 6 == 0


def _decode(path: str, stream: VideoStream, packets: Iterable[Any]) -> Iterator[VideoFrame]:
    context = stream.codec_context
    decode = decode_of(context)
    source = iter(packets)
    key = None
    while True:
        try:  # what `reporting` does, without entering a context for every packet
            packet = next(source, None)
            if packet is not None and packet.is_keyframe:
                key = packet
            frames = decode(packet) if packet is not None else push_out(context, decode, key)
        except (VideoError, *_OF_CODE):
            raise
        except Exception as error:
            raise failure(path, 'decode', error) from error
        yield from frames
        if packet is None:
            return


def failure(path: str, stage: Stage, error: Exception) -> VideoError:
    """The `VideoError` for what PyAV raised: FFmpeg's own words, without their number and the path."""
    if isinstance(error, FFmpegError) and error.strerror:
        return VideoError(path, stage, error.strerror)
    return VideoError(path, stage, f'{type(error).__name__}: {error}')
