"""Which matrix and range the colours of a frame have, and who states them."""

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
_BY_SWSCALE = frozenset({1, 4, 5, 6, 7, 9})  # the matrices of FFmpeg 8.1's swscale; it refuses the other ones
LIMITED, FULL = int(ColorRange.MPEG), int(ColorRange.JPEG)

# Decoders that report a range only if the stream states it. The other ones report "limited" of a silent stream, too.
_STATE_THEIR_RANGE = frozenset({'h264', 'vp9', 'av1'})


class Tags(NamedTuple):
    """Code points of ITU-T H.273, as FFmpeg numbers them; range: 0 unspecified, 1 limited, 2 full."""

    matrix: int = UNSPECIFIED
    range: int = UNSTATED
    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED


@dataclass(frozen=True)
class Colour:
    """How the samples of a video become RGB."""

    matrix: str
    """``bt601``, ``bt709``, ``bt2020-ncl``, ``ycgco``, ...; ``rgb`` and ``grey`` where there is no matrix."""
    range: Literal['limited', 'full']
    """Black and white are 16 and 235 of 8 bits, or 0 and 255."""
    matrix_from: Source
    range_from: Source


def container_tags(stream: VideoStream) -> Tags:
    """What the container states; to be asked before anything is decoded, since decoders write over it."""
    context = stream.codec_context
    return Tags(int(context.colorspace), int(context.color_range), int(context.color_primaries), int(context.color_trc))


def frame_tags(frame: VideoFrame) -> Tags:
    """What the decoder says."""
    return Tags(int(frame.colorspace), int(frame.color_range), int(frame.color_primaries), int(frame.color_trc))


class Plan(NamedTuple):
    """How a frame is converted."""

    colour: Colour
    tags: Tags
    """What swscale or the formula must be told."""
    way: Literal['swscale', 'formula', 'grey']


def resolve(frame: Tags, container: Tags, pixels: VideoFormat, codec: str) -> Plan:
    """The colours of a frame: what the stream states, else what the container states, else an assumption.

    Args:
        frame: what the decoder says.
        container: what the container states.
        pixels: the decoder's format.
        codec: FFmpeg's name of it.
    """
    if _holds_rgb(pixels):
        return Plan(Colour('rgb', 'full', 'stream', 'stream'), frame, 'swscale')
    primaries = frame.primaries if frame.primaries != UNSPECIFIED else container.primaries
    transfer = frame.transfer if frame.transfer != UNSPECIFIED else container.transfer
    levels, range_from = _range(frame.range, container.range, pixels, codec)
    full = levels == FULL
    # An assumption stays unsaid: swscale's own is the same.
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
    # H.264, E.2.1, and others infer "limited"; formats that are no video standards store grey as pictures do.
    return FULL if _is_grey(pixels) and codec not in _STATE_THEIR_RANGE else LIMITED, 'assumed'


def _holds_rgb(pixels: VideoFormat) -> bool:
    """Whether there is no matrix: RGB in any order, palettes, black and white, XYZ, raw sensors."""
    return pixels.is_rgb or pixels.has_palette or pixels.name.startswith(('mono', 'xyz'))


def _is_grey(pixels: VideoFormat) -> bool:
    return len(pixels.components) < 3 and not _holds_rgb(pixels)  # luma alone, or with alpha
