"""Pictures -> a video that browsers play: H.264 in .mp4, or VP9 in .webm."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from cmvl_mm.video.reporting import reporting

TICKS = 1000  # per second
_BT709 = 1


@dataclass(frozen=True)
class Kind:
    """A container and FFmpeg's encoders for it, the best first."""

    mime: str
    """MIME type for the question whether a browser can play it."""
    encoders: tuple[str, ...]


KINDS = {
    'mp4': Kind('video/mp4; codecs="avc1.42E01E"', ('libx264', 'libopenh264')),
    'webm': Kind('video/webm; codecs="vp9"', ('libvpx-vp9',)),
}
_OPTIONS = {
    'libx264': {'preset': 'veryfast', 'crf': '22', 'bf': '0'},
    'libopenh264': {'b': '2000000'},
    'libvpx-vp9': {'deadline': 'realtime', 'cpu-used': '8', 'crf': '30', 'b': '0', 'lag-in-frames': '0'},
}


@cache
def available_kinds() -> dict[str, str]:
    """Map each kind to the encoder that this FFmpeg has for it, H.264 first."""
    found = {kind: [name for name in KINDS[kind].encoders if _has(name)] for kind in KINDS}
    return {kind: names[0] for kind, names in found.items() if names}


def _has(encoder: str) -> bool:
    try:
        Codec(encoder, 'w')
    except UnknownCodecError:
        return False
    return True


def write_browser_video(
    pictures: Iterable[tuple[float, npt.NDArray[np.uint8]]], path: Path, kind: str, *, gop: int = 250
) -> int:
    """Encode pictures at their times, the first one at 0; the index is in front, so playing starts at once.

    Args:
        pictures: rising seconds and (H, W, 3) uint8 RGB, all of one size with even sides.
        path: the file to write.
        kind: one of `available_kinds`.
        gop: largest distance between key frames, in frames; a small one makes stepping fast.

    Returns:
        The number of pictures.

    Raises:
        VideoError: stage ``encode``, if the video cannot be written.
    """
    encoder = available_kinds()[kind]
    converter = VideoReformatter()
    options = {'movflags': '+faststart'} if kind == 'mp4' else {}
    count, last, begin = 0, -1, 0.0
    step = TICKS // 25
    with reporting(str(path), 'encode'), av.open(f'file:{path}', 'w', format=kind, options=options) as container:
        stream = container.add_stream(encoder, rate=25)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.options = _OPTIONS[encoder]
        context.thread_count = 1
        context.gop_size = gop
        stream.pix_fmt = 'yuv420p'
        context.time_base = Fraction(1, TICKS)
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = ColorRange.MPEG
        for seconds, picture in pictures:
            if not count:
                stream.height, stream.width = picture.shape[:2]
                begin = seconds
            frame = converter.reformat(
                VideoFrame.from_ndarray(picture, format='rgb24'),
                format='yuv420p',
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
                threads=1,
            )
            tick = max(round((seconds - begin) * TICKS), last + 1)
            step = tick - last if count else step
            frame.pts, last = tick, tick
            frame.time_base = Fraction(1, TICKS)
            container.mux(_lasting(stream.encode(frame), step))
            count += 1
        container.mux(_lasting(stream.encode(), step))
    return count


def _lasting(packets: list[Packet], ticks: int) -> list[Packet]:
    """Give each packet its duration: the container cannot infer that of the last packet."""
    for packet in packets:
        packet.duration = ticks
    return packets
