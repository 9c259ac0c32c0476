"""How FFmpeg's decoders are set up, and which of them export vectors that are known to be right."""

from typing import Literal

from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cmvl_mm.bitstream.by_codec import need_tables
from cmvl_mm.video.macroblocks import DEBUG

MAX_SIDE = 8192  # px; a header that states more is taken for damage, so that it cannot exhaust the memory

LARGEST = {'max_pixels': str(MAX_SIDE * MAX_SIDE)}  # FFmpeg's option: its decoders refuse to begin a larger frame

# Codecs whose exported vectors were seen to follow a synthetic pan (docs/vectors.md, tests/video/test_vectors*.py).
_MPEG = {'mpeg1video', 'mpeg2video', 'mpeg4', 'h264'}

_RELATIVES = {'h261', 'h263', 'flv1', 'msmpeg4v2', 'msmpeg4v3', 'wmv1', 'wmv2', 'rv10', 'rv20'}

CODECS_WITH_VECTORS = frozenset(_MPEG | _RELATIVES | {'snow'})

Decoding = Literal['pixels', 'vectors']

# What a decoder may leave out when only vectors are wanted, which it reads before it touches a pixel: the inverse
# transform, and the filter between blocks. Vectors and the damage that FFmpeg flags stay the same, as
# tests/video/test_vectors_alone.py shows. lowres must not be used: it is faster still, but FFmpeg then flags no damage.
_CHEAPER_MPEG = {'skip_idct': 'all'}

CHEAPER_FOR_VECTORS = dict.fromkeys(('mpeg1video', 'mpeg2video', 'mpeg4'), _CHEAPER_MPEG) | {
    'h264': {'skip_idct': 'all', 'skip_loop_filter': 'all'}
}


def codec_name(stream: VideoStream) -> str:
    """FFmpeg's name of the format, whatever decoder serves it: ``h264``, ``mpeg4``, ``av1``."""
    return stream.codec_context.codec.canonical_name


def configure(context: VideoCodecContext, decoding: Decoding) -> None:
    """One thread, motion vectors on; of no effect once the decoder has decoded.

    Args:
        context: the decoder.
        decoding: 'vectors' leaves out what only pixels need, where the codec can: frames then hold garbage, and the
            right vectors.
    """
    # Frame threads give silently wrong vectors in H.264 with B-frames.
    context.thread_count = 1
    options = dict(LARGEST)
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
