"""Videos of any structure, encoded, copied and damaged on the spot."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

MPEG4 = {'g': '12', 'bf': '0', 'sc_threshold': '1000000000'}

# name -> (suffix, encoder, options); x264's own parameters pin the structure.
VARIANTS = {
    'mpeg4': ('.mp4', 'mpeg4', MPEG4),
    'mpeg4_b': ('.mp4', 'mpeg4', {**MPEG4, 'bf': '2'}),
    'mpeg4_4mv': ('.mp4', 'mpeg4', {**MPEG4, 'flags': '+mv4+qpel', 'mbd': 'rd'}),
    'mpeg4_avi': ('.avi', 'mpeg4', MPEG4),
    'mpeg4_b_avi': ('.avi', 'mpeg4', {**MPEG4, 'bf': '2'}),
    'mpeg4_b_mkv': ('.mkv', 'mpeg4', {**MPEG4, 'bf': '2'}),
    'mpeg4_raw': ('.m4v', 'mpeg4', MPEG4),
    'mpeg1': ('.mpg', 'mpeg1video', {**MPEG4, 'bf': '2'}),
    'mpeg2_ts': ('.ts', 'mpeg2video', {**MPEG4, 'bf': '2'}),
    'h264': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=0:scenecut=0'}),
    'h264_nonkey_i': ('.mp4', 'libx264', {'x264-params': 'keyint=60:min-keyint=30:bframes=0:scenecut=100'}),
    'h264_b': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_b_mkv': ('.mkv', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_b_ts': ('.ts', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_b_avi': ('.avi', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_raw': ('.264', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0'}),
    'h264_open': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0:open-gop=1'}),
    'h264_open_ts': ('.ts', 'libx264', {'x264-params': 'keyint=12:bframes=3:b-adapt=0:scenecut=0:open-gop=1'}),
    'h264_refresh': ('.mp4', 'libx264', {'x264-params': 'keyint=12:bframes=0:intra-refresh=1'}),
    'vp8': ('.webm', 'libvpx', {'g': '20', 'b': '300000'}),
    'hevc_b': ('.mp4', 'libx265', {'x265-params': 'keyint=12:bframes=3:log-level=none:pools=1'}),
}

Change = Callable[[int, av.Packet], Iterable[av.Packet]]


def encode_clip(
    path: Path,
    frames: np.ndarray,
    codec: str,
    options: dict[str, str],
    *,
    stamps: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    rate: int = 25,
    pixel_format: str = 'yuv420p',
    muxer: str | None = None,
    container_options: dict[str, str] | None = None,
    prepare: Callable[[Any], None] | None = None,
) -> Path:
    """Write uint8 (T, H, W, 3) with any encoder; frame i has time stamp i unless ``stamps`` say otherwise.

    Args:
        muxer: FFmpeg's name of it, where the file's suffix does not say.
        prepare: changes the stream before the first frame is encoded.
    """
    with av.open(str(path), 'w', format=muxer, options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options={'threads': '1', **options})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], pixel_format
        stream.codec_context.time_base = time_base
        if prepare is not None:
            prepare(stream)
        for stamp, pixels in zip(range(len(frames)) if stamps is None else stamps, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def remux(
    source: Path,
    target: Path,
    change: Change | None = None,
    *,
    bit_filter: str | None = None,
    container_options: dict[str, str] | None = None,
    prepare: Callable[[Any], None] | None = None,
) -> Path:
    """Copy the packets of a video without decoding.

    Args:
        change: number and packet -> what is written in place of the packet.
        bit_filter: one of FFmpeg's, by name and options; every packet passes it.
        prepare: changes the new stream before the first packet is written.
    """
    with av.open(str(source)) as container, av.open(str(target), 'w', options=container_options or {}) as sink:
        stream = container.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        if prepare is not None:
            prepare(copy)
        if bit_filter is not None:
            passed = BitStreamFilterContext(bit_filter, stream, copy)
            change = lambda _, packet: passed.filter(packet)  # noqa: E731
        for number, packet in enumerate(packet for packet in container.demux(stream) if packet.size):
            for changed in [packet] if change is None else change(number, packet):
                changed.stream = copy
                sink.mux(changed)
    return target


def repacked(packet: av.Packet, data: bytes | None = None, *, later: int = 0, lead: int = 0) -> av.Packet:
    """A copy with other bytes, or shown so many frames later, or decoded so many earlier."""
    copy = av.Packet(bytes(packet) if data is None else data)
    copy.pts, copy.dts = packet.pts + later * packet.duration, packet.dts - lead * packet.duration
    copy.time_base, copy.is_keyframe = packet.time_base, packet.is_keyframe
    return copy


def packets_of(path: Path) -> list[bytes]:
    """The bytes of every packet, in decoding order."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def damage(path: Path, target: Path, *, frame: int) -> Path:
    """Overwrite the middle half of one packet with noise."""
    with av.open(str(path)) as source:
        packet = [packet for packet in source.demux(video=0) if packet.size][frame]
        position, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(1).bytes(size // 2)
    data[position + size // 4 : position + size // 4 + len(noise)] = noise
    target.write_bytes(data)
    return target


def fields_interleaved(fields: np.ndarray) -> np.ndarray:
    """Two fields a frame, the upper lines first."""
    frames = fields[::2].copy()
    frames[:, 1::2] = fields[1::2, 1::2]
    return frames
