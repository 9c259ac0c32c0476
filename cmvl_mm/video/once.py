"""Selected frames of a video that is read only once: less work than random access, the same pixels.

For a stream that is not proven regular, `CompressedVideo` decodes the file for its index and compares later reads with
it. Reading a file once needs no index: the packets announce the frames, the selection uses that, and one decode from
start to end, which defines the frames of a file, shows whether the announcement was right.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame

from cmvl_mm.video.colour import container_tags
from cmvl_mm.video.colour_reader import ColourReader
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.display import Orientation, orientation_of
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import check_size
from cmvl_mm.video.reporting import reporting
from cmvl_mm.video.strict_decoding import decode_strictly
from cmvl_mm.video.times import DEFAULT_FPS, usable

Rgb = npt.NDArray[np.uint8]
Choose = Callable[['Timeline'], Sequence[int]]
Use = Callable[[int, Rgb, Orientation], None]


@dataclass(frozen=True)
class Timeline:
    """When the frames of a video are shown."""

    edges: npt.NDArray[np.float64]
    """(num_frames + 1,) seconds: frame i is shown from `edges[i]` to `edges[i + 1]`, the first one from 0 on.

    The edges follow the stream's time stamps; the last frame stays as long as the one before it. Without usable stamps,
    they follow the rate that the container states, or else 25 frames a second.
    """

    @property
    def num_frames(self) -> int:
        """Number of frames that a plain decode shows."""
        return len(self.edges) - 1


class _Mistaken(Exception):
    """The packets announced other frames than those that came."""


def read_once(path: str, choose: Choose, use: Use) -> Timeline:
    """Pass selected frames to a function, one after the other, in display order.

    Args:
        path: a regular file in any container that FFmpeg reads.
        choose: returns the display indices of the wanted frames, in any order; repeats are passed on once. It is called
            again if the first timeline proves wrong, or if it raises.
        use: gets the index; the pixels, (H, W, 3) RGB as in `CompressedVideo.read`, in FFmpeg's memory, valid only
            during the call; and the orientation for display, because the picture has its coded orientation. If `choose`
            is called again, all frames are passed again.

    Raises:
        VideoError: as for `CompressedVideo.read`; or stage ``decode``, for a picture whose rotation is not a multiple
            of 90 degrees.
    """
    decoder = FrameDecoder(path)
    try:
        hand_on = _HandOn(decoder, use)
        if not decoder.is_regular:
            try:
                return _in_turn(decoder, choose, hand_on)
            except (_Mistaken, VideoError):
                pass  # the exact reader finds what can be read, or what is wrong
        timeline = Timeline(_edges(decoder, decoder.stamps, decoder.num_frames))
        for number, frame in decoder.pictures_alone(frozenset(choose(timeline))):
            hand_on(number, frame)
        return timeline
    finally:
        decoder.close()


def _in_turn(decoder: FrameDecoder, choose: Choose, hand_on: '_HandOn') -> Timeline:
    """One decode from start to end.

    Raises:
        _Mistaken: other frames come than the packets announced, or a frame is damaged.
        VideoError: any other fault.
    """
    source = decoder.source
    source.rewind()
    pts = [packet.pts for packet in source.all_packets()]
    is_avi, reorders = source.container.format.name == 'avi', bool(source.stream.codec_context.has_b_frames)
    foretold = None if (is_avi and reorders) or None in pts else usable(sorted(pts))
    timeline = Timeline(_edges(decoder, foretold, len(pts)))
    try:
        wanted = frozenset(choose(timeline))
    except Exception as error:  # the timeline may be the cause; if not, the error repeats with the true one
        raise _Mistaken from error
    packets = source.kept
    if packets is None:
        source.rewind()
    came: list[int | None] = []
    has_b = False
    for number, (frame, is_damaged) in enumerate(
        decode_strictly(decoder.path, source.stream, source.all_packets() if packets is None else packets)
    ):
        came.append(frame.pts)
        has_b = has_b or frame.pict_type == PictureType.B
        if is_damaged or number >= len(pts):  # damage may affect frames displayed before it, too
            raise _Mistaken
        if number in wanted:
            hand_on(number, frame)
    if len(came) != len(pts) or foretold != (None if is_avi and has_b else usable(came)):
        raise _Mistaken
    return timeline


class _HandOn:
    """Copies decoded frames to contiguous pixels and calls the function that wants them."""

    def __init__(self, decoder: FrameDecoder, use: Use) -> None:
        self.decoder = decoder
        self._use = use
        self._colours = ColourReader(decoder.path, container_tags(decoder.stream), decoder.codec)

    def __call__(self, number: int, frame: VideoFrame) -> None:
        path = self.decoder.path
        check_size(path, number, frame, (self.decoder.height, self.decoder.width))
        try:
            shown = orientation_of(frame)
        except ValueError as error:
            remedy = 'Turn the picture upright with another program first, or leave the video out'
            raise VideoError(path, 'decode', f'frame {number}: {error}', remedy) from error
        with reporting(path, 'decode'):
            plane = self._colours.rgb(frame).planes[0]
            lines = np.frombuffer(memoryview(plane), np.uint8).reshape(self.decoder.height, plane.line_size)
        self._use(number, lines[:, : 3 * self.decoder.width].reshape(self.decoder.height, -1, 3), shown)


def _edges(decoder: FrameDecoder, stamps: Sequence[int] | None, num_frames: int) -> npt.NDArray[np.float64]:
    """The edges of a `Timeline`."""
    time_base = decoder.time_base
    if stamps is None or len(stamps) < 2 or not time_base:
        return np.arange(num_frames + 1) / float(decoder.stated_rate or DEFAULT_FPS)
    ticks = np.array([*stamps, 2 * stamps[-1] - stamps[-2]], np.int64) - stamps[0]
    return np.asarray(ticks * float(time_base), np.float64)
