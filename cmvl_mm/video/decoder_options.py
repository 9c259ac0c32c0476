"""Options of FFmpeg's decoders, and which decoders export vectors that are known to be right."""

from typing import Literal

from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cmvl_mm.bitstream.by_codec import need_tables
from cmvl_mm.video.macroblocks import DEBUG

MAX_SIDE = 8192  # px; larger sizes in a header are taken for damage, so that they cannot exhaust the memory

LARGEST = {'max_pixels': str(MAX_SIDE * MAX_SIDE)}  # FFmpeg's option: its decoders refuse to start a larger frame

# Codecs whose exported vectors follow a synthetic pan in tests (docs/vectors.md, tests/video/test_vectors*.py).
_MPEG = {'mpeg1video', 'mpeg2video', 'mpeg4', 'h264'}

_RELATIVES = {'h261', 'h263', 'flv1', 'msmpeg4v2', 'msmpeg4v3', 'wmv1', 'wmv2', 'rv10', 'rv20'}

CODECS_WITH_VECTORS = frozenset(_MPEG | _RELATIVES | {'snow'})

Decoding = Literal['pixels', 'vectors']

# What a decoder may skip when only vectors are wanted, because vectors are parsed before pixels are made: the inverse
# transform, and the filter between blocks. Vectors and the damage that FFmpeg flags stay the same, as
# tests/video/test_vectors_alone.py shows. Do not use lowres: it is faster still, but then FFmpeg flags no damage.
_CHEAPER_MPEG = {'skip_idct': 'all'}

CHEAPER_FOR_VECTORS = dict.fromkeys(('mpeg1video', 'mpeg2video', 'mpeg4'), _CHEAPER_MPEG) | {
    'h264': {'skip_idct': 'all', 'skip_loop_filter': 'all'}
}


def codec_name(stream: VideoStream) -> str:
    """FFmpeg's name of the codec, independent of the decoder: ``h264``, ``mpeg4``, ``av1``."""
    return stream.codec_context.codec.canonical_name


def configure(context: VideoCodecContext, decoding: Decoding) -> None:
    """Set one thread and export of motion vectors; has no effect once the decoder has decoded.

    Args:
        context: the decoder.
        decoding: 'vectors' skips what only pixels need, where the codec allows it: frames then hold garbage pixels and
            the right vectors.
    """
    # With frame threads, H.264 with B-frames gives silently wrong vectors.
    context.thread_count = 1
    options = dict(LARGEST)
    name = context.codec.canonical_name
    # Without it, the decoder keeps columns that are cropped at the left, unless they are as wide as its alignment.
    options['flags'] = '+unaligned'
    if name in CODECS_WITH_VECTORS:
        options['flags2'] = '+export_mvs'
    if name == 'h264':
        # Without it, FFmpeg guesses the reordering depth of a stream without that header, and drops frames that come
        # too late, without a flag.
        options['strict'] = '1'
    if need_tables(name, context.extradata):
        options |= DEBUG
    if name == 'mpeg4' and is_by_ffmpeg(context):
        # While it detects other encoders' bugs, FFmpeg accepts junk after a frame's last block until it has seen whole
        # frames: whether a frame counts as damaged would then depend on where decoding began.
        options['bug'] = '0'
    if decoding == 'vectors':
        options |= CHEAPER_FOR_VECTORS.get(name, {})
    context.options = options


def is_by_ffmpeg(context: VideoCodecContext) -> bool:
    """Whether the headers name FFmpeg's own encoder."""
    return b'Lavc' in (context.extradata or b'')
