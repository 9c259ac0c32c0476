"""Writes pictures as an animated GIF, with one palette of 256 colours for all of them, by FFmpeg's filters."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cmvl_mm.video.reporting import reporting

Pictures = Iterable[tuple[float, npt.NDArray[np.uint8]]]

TICKS = 100  # per second: the time unit of a GIF
MOST_A_SECOND = 50
"""Most pictures a second: browsers slow down faster GIFs to 10 a second."""


def write_gif(pictures: Callable[[], Pictures], path: Path) -> int:
    """Write pictures at their times, the first one at 0; the GIF repeats forever.

    Args:
        pictures: rising seconds and (H, W, 3) uint8 RGB, all of one size; called twice, first for the palette.
        path: the file to write.

    Returns:
        The number of pictures.

    Raises:
        VideoError: stage ``encode``, if the GIF cannot be written.
    """
    with reporting(str(path), 'encode'):
        palette = _palette(pictures())
        return _encode(pictures(), palette, path)


def _frames(pictures: Pictures) -> Iterator[VideoFrame]:
    """Frames in the time units of a GIF, each later than the one before it."""
    last, begin = -1, None
    for seconds, picture in pictures:
        begin = seconds if begin is None else begin
        last = max(round((seconds - begin) * TICKS), last + 1)
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format='rgb24')
        frame.pts, frame.time_base = last, Fraction(1, TICKS)
        yield frame


def _source(graph: Graph, frame: VideoFrame) -> FilterContext:
    return graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, TICKS))


def _peeked(pictures: Pictures) -> tuple[VideoFrame, Iterator[VideoFrame]]:
    """The first frame, whose size the filters need, and an iterator over all frames."""
    frames = _frames(pictures)
    first = next(frames, None)
    if first is None:
        raise ValueError('there are no frames to write')
    return first, chain([first], frames)


def _palette(pictures: Pictures) -> VideoFrame:
    """A palette of 16x16 px, one for each colour."""
    first, frames = _peeked(pictures)
    graph = Graph()
    source, chosen, sink = _source(graph, first), graph.add('palettegen', 'stats_mode=full'), graph.add('buffersink')
    source.link_to(chosen)
    chosen.link_to(sink)
    graph.configure()
    for frame in frames:
        source.push(frame)
    source.push(None)
    palette = sink.pull()
    assert isinstance(palette, VideoFrame)
    return palette


def _encode(pictures: Pictures, palette: VideoFrame, path: Path) -> int:
    first, frames = _peeked(pictures)
    graph, count = Graph(), 0
    source, colours, sink = _source(graph, first), _source(graph, palette), graph.add('buffersink')
    use = graph.add('paletteuse', 'dither=bayer:bayer_scale=4:diff_mode=rectangle')
    source.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    palette.pts, palette.time_base = 0, Fraction(1, TICKS)
    colours.push(palette)
    colours.push(None)
    with av.open(f'file:{path}', 'w', format='gif', options={'loop': '0'}) as container:
        stream = container.add_stream('gif', rate=MOST_A_SECOND)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, 'pal8'
        stream.codec_context.time_base = Fraction(1, TICKS)
        for frame in frames:
            source.push(frame)
            count += _drain(sink, stream, container)
        source.push(None)
        count += _drain(sink, stream, container)
        container.mux(stream.encode())
    return count


def _drain(sink: FilterContext, stream: VideoStream, container: OutputContainer) -> int:
    """Write the frames that the filters have finished so far."""
    count = 0
    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return count
        assert isinstance(frame, VideoFrame)
        frame.time_base = Fraction(1, TICKS)
        container.mux(stream.encode(frame))
        count += 1
