"""The colour matrix and range of a frame, and whether the stream or the container states them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from cmvl_mm.video.matrices import DERIVED, is_known, luma_weights, name_of

Source = Literal['stream', 'container', 'assumed']

UNSPECIFIED = 2  # of matrices, primaries and transfer curves alike (ITU-T H.273)
UNSTATED = 0  # of ranges
_BT601 = 6
_BY_SWSCALE = frozenset({1, 4, 5, 6, 7, 9})  # the matrices that swscale of FFmpeg 8.1 converts; it refuses all others
LIMITED, FULL = int(ColorRange.MPEG), int(ColorRange.JPEG)

# Decoders that report a range only if the stream states it. The others report "limited" even if it states none.
_STATE_THEIR_RANGE = frozenset({'h264', 'vp9', 'av1'})


class Tags(NamedTuple):
    """Code points of ITU-T H.273, as FFmpeg numbers them; range: 0 unspecified, 1 limited, 2 full."""

    matrix: int = UNSPECIFIED
    range: int = UNSTATED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED


@dataclass(frozen=True)
class Colour:
    """How the samples of a video are converted to RGB."""

    matrix: str
    """``bt601``, ``bt709``, ``bt2020-ncl``, ``ycgco``, ...; ``rgb`` and ``grey`` if there is no matrix."""
    range: Literal['limited', 'full']
    """Range of 8-bit samples: black and white are 16 and 235 (limited), or 0 and 255 (full)."""
    matrix_from: Source
    range_from: Source


def container_tags(stream: VideoStream) -> Tags:
    """The container's tags. Read them before decoding anything, because decoders overwrite them."""
    context = stream.codec_context
    return Tags(int(context.colorspace), int(context.color_range), int(context.color_primaries), int(context.color_trc))


def frame_tags(frame: VideoFrame) -> Tags:
    """The decoder's tags of a frame."""
    return Tags(int(frame.colorspace), int(frame.color_range), int(frame.color_primaries), int(frame.color_trc))


class Plan(NamedTuple):
    """How a frame is converted."""

    colour: Colour
    tags: Tags
    """The tags that swscale or the formula needs."""
    way: Literal['swscale', 'formula', 'grey']


def resolve(frame: Tags, container: Tags, pixels: VideoFormat, codec: str) -> Plan:
    """The colours of a frame: as the stream states, else as the container states, else by an assumption.

    Args:
        frame: the decoder's tags.
        container: the container's tags.
        pixels: the decoder's pixel format.
        codec: FFmpeg's name of the codec.
    """
    if _holds_rgb(pixels):
        return Plan(Colour('rgb', 'full', 'stream', 'stream'), frame, 'swscale')
    primaries = frame.primaries if frame.primaries != UNSPECIFIED else container.primaries
    transfer = frame.transfer if frame.transfer != UNSPECIFIED else container.transfer
    levels, range_from = _range(frame.range, container.range, pixels, codec)
    full = levels == FULL
    # An assumed range is not passed on: swscale assumes the same.
    levels = UNSTATED if range_from == 'assumed' else levels
    if _is_grey(pixels):
        colour = Colour('grey', 'full' if full else 'limited', 'stream', range_from)
        return Plan(colour, Tags(UNSPECIFIED, levels, primaries, transfer), 'swscale' if full else 'grey')
    matrix, matrix_from = _matrix(frame.matrix, container.matrix, primaries)
    colour = Colour(name_of(matrix), 'full' if full else 'limited', matrix_from, range_from)
    said = UNSPECIFIED if matrix_from == 'assumed' else matrix
    return Plan(colour, Tags(said, levels, primaries, transfer), 'swscale' if matrix in _BY_SWSCALE else 'formula')


def _matrix(stream: int, container: int, primaries: int) -> tuple[int, Source]:
    stated: tuple[tuple[int, Source], ...] = ((stream, 'stream'), (container, 'container'))
    for matrix, source in stated:
        if is_known(matrix) and (matrix not in DERIVED or luma_weights(matrix, primaries)):
            return matrix, source
    return _BT601, 'assumed'


def _range(stream: int, container: int, pixels: VideoFormat, codec: str) -> tuple[int, Source]:
    if pixels.name.startswith('yuvj'):
        return FULL, 'stream'
    if container == FULL and stream == LIMITED and codec not in _STATE_THEIR_RANGE:
        return FULL, 'container'
    if stream in (LIMITED, FULL):
        return stream, 'stream'
    if container in (LIMITED, FULL):
        return container, 'container'
    # H.264, E.2.1, and others infer "limited"; formats that are not video standards store grey with full range.
    return FULL if _is_grey(pixels) and codec not in _STATE_THEIR_RANGE else LIMITED, 'assumed'


def _holds_rgb(pixels: VideoFormat) -> bool:
    """Whether the format has no matrix: RGB in any order, palettes, black and white, XYZ, raw sensors."""
    return pixels.is_rgb or pixels.has_palette or pixels.name.startswith(('mono', 'xyz'))


def _is_grey(pixels: VideoFormat) -> bool:
    return len(pixels.components) < 3 and not _holds_rgb(pixels)  # luma alone, or with alpha
