"""Which matrix and range the colours of a frame have, and the frame made ready for swscale."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.matrices import (
    DERIVED,
    Encoding,
    UnknownColour,
    expand_grey,
    is_known,
    luma_weights,
    name_of,
    to_rgb,
)

Source = Literal['stream', 'container', 'assumed']

UNSPECIFIED = 2  # of matrices, primaries and transfer curves alike (ITU-T H.273)
UNSTATED = 0  # of ranges
_BT709, _BT601 = 1, 6
_BY_SWSCALE = frozenset({1, 4, 5, 6, 7, 9})  # the matrices of FFmpeg 8.1's swscale; it refuses the other ones
_LIMITED, _FULL = int(ColorRange.MPEG), int(ColorRange.JPEG)

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
    full = levels == _FULL
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
        return _FULL, 'stream'
    if container == _FULL and stream == _LIMITED and codec not in _STATE_THEIR_RANGE:
        return _FULL, 'container'
    if stream in (_LIMITED, _FULL):
        return stream, 'stream'
    if container in (_LIMITED, _FULL):
        return container, 'container'
    # H.264, E.2.1, and others infer "limited"; formats that are no video standards store grey as pictures do.
    return _FULL if _is_grey(pixels) and codec not in _STATE_THEIR_RANGE else _LIMITED, 'assumed'


def _holds_rgb(pixels: VideoFormat) -> bool:
    """Whether there is no matrix: RGB in any order, palettes, black and white, XYZ, raw sensors."""
    return pixels.is_rgb or pixels.has_palette or pixels.name.startswith(('mono', 'xyz'))


def _is_grey(pixels: VideoFormat) -> bool:
    return len(pixels.components) < 3 and not _holds_rgb(pixels)  # luma alone, or with alpha


class _Unflagging(NamedTuple):
    """A filter for frames of one format and size."""

    shape: tuple[str, int, int]
    graph: Graph  # its filters do not keep it alive
    start: FilterContext
    end: FilterContext


class ColourReader:
    """Makes frames of one video ready for swscale, so that reading and preparing agree.

    Args:
        path: of the video, for errors.
        container: `container_tags` of the stream.
        codec: FFmpeg's name of the format.
    """

    def __init__(self, path: str, container: Tags, codec: str) -> None:
        self.path = path
        self.container = container
        self.codec = codec
        self._plans: dict[tuple[str, Tags], Plan] = {}
        self._converter = VideoReformatter()
        self._unflagging: _Unflagging | None = None

    def colour(self, frame: VideoFrame) -> Colour:
        """The record of a frame as decoded."""
        return self._plan(frame).colour

    def ready(self, frame: VideoFrame) -> VideoFrame:
        """The same picture, in a form that swscale converts by the right matrix and range, and as one picture.

        That is the frame itself with its tags set, or one of RGB where swscale lacks the conversion.

        Raises:
            VideoError: stage ``decode``, for a matrix or transfer curve that has no formula here.
        """
        _, tags, way = self._plan(frame)
        if frame.interlaced_frame:
            frame = self._unflagged(frame)
        if way == 'formula':
            return self._by_formula(frame, tags)
        if way == 'grey':
            return self._grey_by_formula(frame)
        if frame.colorspace != tags.matrix:
            frame.colorspace = tags.matrix
        if frame.color_range != tags.range:
            frame.color_range = tags.range
        return frame

    def _plan(self, frame: VideoFrame) -> Plan:
        key = frame.format.name, frame_tags(frame)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = resolve(key[1], self.container, frame.format, self.codec)
        return plan

    def _unflagged(self, frame: VideoFrame) -> VideoFrame:
        """The frame without its flag of interlacing: swscale would convert and scale its two fields apart."""
        shape = frame.format.name, frame.width, frame.height
        if self._unflagging is None or self._unflagging.shape != shape:
            graph = Graph()
            _, width, height = shape
            start = graph.add_buffer(width=width, height=height, format=frame.format, time_base=Fraction(1, 1000))
            field, end = graph.add('setfield', 'prog'), graph.add('buffersink')
            start.link_to(field)
            field.link_to(end)
            graph.configure()
            self._unflagging = _Unflagging(shape, graph, start, end)
        self._unflagging.start.push(frame)
        plain = self._unflagging.end.pull()
        assert isinstance(plain, VideoFrame)
        return plain

    def _by_formula(self, frame: VideoFrame, tags: Tags) -> VideoFrame:
        bits = frame.format.components[0].bits
        deep = bits > 8
        frame.colorspace, frame.color_range = _BT709, tags.range  # any that swscale has: only the layout changes
        wide = self._converter.reformat(frame, format='yuv444p16le' if deep else 'yuv444p', threads=1)
        planes = np.stack([_samples(wide, plane, deep) for plane in range(3)])
        shift = 16 - bits if deep else 0  # swscale puts the bits uppermost
        encoding = Encoding(tags.matrix, tags.range == _FULL, tags.primaries, tags.transfer, bits)
        try:
            rgb = to_rgb(planes / (1 << shift), encoding)
        except UnknownColour as error:
            remedy = 'Convert it to BT.709 with the program that wrote it, or leave it out of the list'
            raise VideoError(self.path, 'decode', str(error), remedy) from error
        return VideoFrame.from_ndarray(rgb, format='rgb24')

    def _grey_by_formula(self, frame: VideoFrame) -> VideoFrame:
        bits = frame.format.components[0].bits
        deep = bits > 8
        wide = self._converter.reformat(frame, format='gray16le' if deep else 'gray', threads=1)
        # swscale stretches the codes to 16 bits.
        codes = _samples(wide, 0, deep) * (((1 << bits) - 1) / 65535 if deep else 1)
        grey = expand_grey(codes, bits)
        return VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, axis=2), format='rgb24')


def _samples(frame: VideoFrame, plane: int, deep: bool) -> np.ndarray:
    """(H, W) of a plane without subsampling."""
    lines = np.frombuffer(memoryview(frame.planes[plane]), '<u2' if deep else np.uint8)
    return lines.reshape(frame.height, -1)[:, : frame.width]
