"""Videos of any structure, encoded, copied and damaged on the spot."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

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
