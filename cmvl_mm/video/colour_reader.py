"""Prepares frames for swscale, so that reading and preparing give the same colours, and converts them to RGB."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from cmvl_mm.video.colour import FULL, Colour, Plan, Tags, frame_tags, resolve
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.matrices import Encoding, UnknownColour, expand_grey, to_rgb

_BT709 = 1


class _Unflagging(NamedTuple):
    """A filter graph that clears the interlacing flag, for frames of one format and size."""

    shape: tuple[str, int, int]
    graph: Graph  # kept here because its filters do not keep it alive
    start: FilterContext
    end: FilterContext


class ColourReader:
    """Prepares the frames of one video for swscale, so that reading and `cmvl prepare` give the same colours.

    Args:
        path: path of the video, for errors.
        container: `container_tags` of the stream.
        codec: FFmpeg's name of the codec.
    """

    def __init__(self, path: str, container: Tags, codec: str) -> None:
        self.path = path
        self.container = container
        self.codec = codec
        self._plans: dict[tuple[str, Tags], Plan] = {}
        self._converter = VideoReformatter()
        self._to_packed = VideoReformatter()  # a separate one: a converter is rebuilt whenever its formats change
        self._unflagging: _Unflagging | None = None

    def colour(self, frame: VideoFrame) -> Colour:
        """The `Colour` of a frame as decoded."""
        return self._plan(frame).colour

    def ready(self, frame: VideoFrame) -> VideoFrame:
        """The same picture, both fields as one, in a form that swscale converts by the right matrix and range.

        This is the frame itself with its tags set, or an RGB frame if swscale lacks the conversion.

        Raises:
            VideoError: stage ``decode``, for a matrix or transfer curve without a formula here.
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

    def rgb(self, frame: VideoFrame) -> VideoFrame:
        """The picture as `rgb24` at its own size, with the values of `frame.to_ndarray(format="rgb24")`.

        `to_ndarray` would set up a converter and its threads for every frame.

        Raises:
            VideoError: as for `ready`.
        """
        return self._to_packed.reformat(self.ready(frame), format='rgb24', threads=1)

    def _plan(self, frame: VideoFrame) -> Plan:
        key = frame.format.name, frame_tags(frame)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = resolve(key[1], self.container, frame.format, self.codec)
        return plan

    def _unflagged(self, frame: VideoFrame) -> VideoFrame:
        """The frame without its interlacing flag: with it, swscale would convert and scale the fields separately."""
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
        frame.colorspace, frame.color_range = _BT709, tags.range  # any pair that swscale has: only the layout changes
        wide = self._converter.reformat(frame, format='yuv444p16le' if deep else 'yuv444p', threads=1)
        planes = np.stack([_samples(wide, plane, deep) for plane in range(3)])
        shift = 16 - bits if deep else 0  # swscale puts the sample into the highest bits
        encoding = Encoding(tags.matrix, tags.range == FULL, tags.primaries, tags.transfer, bits)
        try:
            rgb = to_rgb(planes / (1 << shift), encoding)
        except UnknownColour as error:
            remedy = 'Convert the video to BT.709 with the program that wrote it, or leave it out of the list'
            raise VideoError(self.path, 'decode', str(error), remedy) from error
        return VideoFrame.from_ndarray(rgb, format='rgb24')

    def _grey_by_formula(self, frame: VideoFrame) -> VideoFrame:
        bits = frame.format.components[0].bits
        deep = bits > 8
        wide = self._converter.reformat(frame, format='gray16le' if deep else 'gray', threads=1)
        # swscale scales the codes to 16 bits.
        codes = _samples(wide, 0, deep) * (((1 << bits) - 1) / 65535 if deep else 1)
        grey = expand_grey(codes, bits)
        return VideoFrame.from_ndarray(np.repeat(grey[..., None], 3, axis=2), format='rgb24')


def _samples(frame: VideoFrame, plane: int, deep: bool) -> np.ndarray:
    """(H, W) samples of a plane without subsampling."""
    lines = np.frombuffer(memoryview(frame.planes[plane]), '<u2' if deep else np.uint8)
    return lines.reshape(frame.height, -1)[:, : frame.width]
