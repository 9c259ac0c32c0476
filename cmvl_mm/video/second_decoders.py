"""Additional decoders for an open stream, which cost less than opening the file once more."""

from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from cmvl_mm.video.decoder_options import codec_name, configure, is_by_ffmpeg
from cmvl_mm.video.macroblocks import DEBUG


def has_lone_vectors(stream: VideoStream) -> bool:
    """Whether `vector_decoder` can read a P-frame's vectors from its own packet: MPEG-4 Part 2 from FFmpeg's encoder.

    FFmpeg's encoder codes vectors relative to neighbours in the same frame only. The bugs of other encoders, which
    FFmpeg detects from frame to frame, may need all frames.
    """
    context = stream.codec_context
    return codec_name(stream) == 'mpeg4' and not context.has_b_frames and is_by_ffmpeg(context)


def vector_decoder(stream: VideoStream) -> VideoCodecContext:
    """A second decoder for packets of a stream with lone vectors, in any order; it skips what only pixels need.

    It costs some 20 us; reopening the file would cost ten times that.
    """
    first = stream.codec_context
    context = CodecContext.create(first.codec.name, 'r')
    assert isinstance(context, VideoCodecContext)
    context.extradata = first.extradata
    context.codec_tag = first.codec_tag
    configure(context, 'vectors')
    return context


def prompt_decoder(stream: VideoStream) -> VideoCodecContext:
    """A `vector_decoder` that returns pictures without delay, and writes tables of macroblocks."""
    context = vector_decoder(stream)
    context.options |= DEBUG | {'flags': '+low_delay'}
    return context
