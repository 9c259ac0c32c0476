"""What FFmpeg itself says of a file, by a plain decode from start to end that shares nothing with the reader."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

from cmvl_mm.video.container import open_video
from cmvl_mm.video.decoder_options import codec_name
from cmvl_mm.video.held import padded_packet
from cmvl_mm.video.mpeg4_b_frames import BFrames
from cmvl_mm.video.raster import rasterise
from cmvl_mm.video.records import without_phantoms
from cmvl_mm.video.second_decoders import prompt_decoder


@dataclass
class Judgement:
    """Hashes of frames and of vector grids, by whether FFmpeg flagged something that they may depend on."""

    sound_rgb: set[bytes] = field(default_factory=set)
    damaged_rgb: set[bytes] = field(default_factory=set)
    sound_motion: set[bytes] = field(default_factory=set)
    damaged_motion: set[bytes] = field(default_factory=set)
    flags: int = 0
    """Frames flagged as corrupt, and errors."""


@dataclass
class _Frame:
    rgb: bytes
    motion: bytes | None
    position: int
    key: bool
    corrupt: bool


class _Position(int):
    """Of a packet: an object of its own for each, since PyAV knows opaque ones by their address."""


def plain_decode(path: Path) -> Judgement:
    """Decode everything that can be, past any error, and spread damage over what depends on it."""
    judgement = Judgement()
    frames: list[_Frame] = []
    refused: list[int] = []  # positions of packets
    try:
        with av.open(f'file:{path}', options={'max_pixels': str(8192 * 8192)}) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = _options(stream.codec_context.extradata)
            stream.codec_context.copy_opaque = True
            for position, packet in enumerate(container.demux(stream)):
                packet.opaque = _Position(position)
                try:
                    frames += [_seen(frame) for frame in stream.codec_context.decode(packet if packet.size else None)]
                except Exception:
                    judgement.flags += 1
                    refused.append(position)
    except Exception:  # cannot be opened, or not be read to its end
        judgement.flags += 1
    for place, frame in enumerate(frames):
        judgement.flags += frame.corrupt
        damaged = _may_be_damaged(place, frames, refused)
        (judgement.damaged_rgb if damaged else judgement.sound_rgb).add(frame.rgb)
        if frame.motion is not None:
            (judgement.damaged_motion if damaged else judgement.sound_motion).add(frame.motion)
    with suppress(Exception):  # whatever breaks here was counted above
        _judge_lone_vectors(path, judgement)
    with suppress(Exception):
        _judge_b_frames(path, judgement)
    return judgement


def _judge_lone_vectors(path: Path, judgement: Judgement) -> None:
    """A vector grid whose own packet a decoder that has met nothing else finds sound is sound, whatever came before.

    True of MPEG-4 Part 2 by FFmpeg's encoder: P-frames predict vectors from their own alone.
    """
    with av.open(f'file:{path}', options={'max_pixels': str(8192 * 8192)}) as container:
        stream = container.streams.video[0]
        extradata = stream.codec_context.extradata or b''
        if stream.codec_context.name != 'mpeg4' or b'Lavc' not in extradata:
            return
        for packet in container.demux(stream):
            fresh = av.CodecContext.create('mpeg4', 'r')
            fresh.extradata = extradata
            fresh.options = _options(extradata)
            try:
                frames = [_seen(frame) for frame in (fresh.decode(packet) if packet.size else [])]
            except Exception:
                continue
            judgement.sound_motion |= {frame.motion for frame in frames if frame.motion and not frame.corrupt}


def _judge_b_frames(path: Path, judgement: Judgement) -> None:
    """Vectors of MPEG-4 that FFmpeg does not export: B-frames', whose bits check themselves, and the last frame's."""
    container, stream = open_video(str(path))
    with container:
        if codec_name(stream) != 'mpeg4':
            return
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        prompt = prompt_decoder(stream)
        for packet in packets:
            with suppress(av.FFmpegError):
                seen = [_seen(frame) for frame in prompt.decode(padded_packet(packet))]
                judgement.sound_motion |= {frame.motion for frame in seen if frame.motion and not frame.corrupt}
        b_frames = BFrames(prompt_decoder(stream), packets)
        for number in range(b_frames.num_frames):
            with suppress(ValueError):
                vectors, _ = rasterise([b_frames.records(number)], stream.height, stream.width, 8)
                judgement.sound_motion.add(fingerprint(vectors[0]))


def _options(extradata: bytes | None) -> dict[str, str]:
    """``bug=0``, for FFmpeg's own streams, keeps it from guessing at other encoders' faults.

    Guessing makes its verdict on a frame depend on the frames that one decoder met before.
    """
    options = {'flags2': '+export_mvs', 'max_pixels': str(8192 * 8192)}
    return options | {'bug': '0'} if b'Lavc' in (extradata or b'') else options


def _seen(frame: av.VideoFrame) -> _Frame:
    records = frame.side_data.get('MOTION_VECTORS')
    size = frame.height, frame.width
    vectors, valid = rasterise([b'' if records is None else bytes(records)], *size, 8, without_phantoms)
    return _Frame(
        rgb=fingerprint(frame.to_ndarray(format='rgb24')),
        motion=fingerprint(vectors[0]) if valid.any() else None,
        position=-1 if frame.opaque is None else frame.opaque,
        key=frame.key_frame,
        corrupt=frame.is_corrupt,
    )


def _may_be_damaged(place: int, frames: list[_Frame], refused: list[int]) -> bool:
    """Whether a frame is flagged, or anything that was decoded before it back to the key frame that it begins from.

    A frame that is displayed before the newest key frame, and was decoded after it, begins from the one before. Frames
    behind the key frame do not depend on it.
    """
    frame = frames[place]
    keys = sorted((key.position, number) for number, key in enumerate(frames) if key.key)
    keys = [(position, number) for position, number in keys if position <= frame.position]
    if keys and keys[-1][1] > place:
        keys.pop()
    begin, first = keys[-1] if keys else (0, 0)
    flagged = [other.position for other in frames[first:] if other.corrupt]
    return any(begin <= position <= frame.position for position in flagged + refused)


def fingerprint(array: np.ndarray) -> bytes:
    """A hash of the array's values."""
    return hashlib.blake2b(np.ascontiguousarray(array), digest_size=12).digest()
