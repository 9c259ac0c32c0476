"""Five ways to damage a file, each a pure function of a sound file and a random generator."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from sources import REPEATABLE, Source

_RAW = ('.m4v', '.264')
_SEQUENCE_HEADER = 40  # bytes at the start of a raw stream
_PICTURE_HEADER = 8  # bytes at the start of each of its packets


def truncated(source: Source, target: Path, rng: np.random.Generator) -> None:
    """Cut off anywhere."""
    target.write_bytes(source.data[: rng.integers(1, len(source.data))])


def header(source: Source, target: Path, rng: np.random.Generator) -> None:
    """1 to 8 bytes replaced outside the packets; in raw streams, in the headers of sequence and pictures."""
    if target.suffix in _RAW:
        places = {*range(_SEQUENCE_HEADER)}
        for first, _ in source.ranges:
            places |= {*range(first, first + _PICTURE_HEADER)}
    else:
        places = set(range(len(source.data)))
        for first, end in source.ranges:
            places -= {*range(first, end)}
    data = bytearray(source.data)
    for place in rng.choice(sorted(places), rng.integers(1, 9)):
        data[place] = rng.integers(256)
    target.write_bytes(data)


def bit_flips(source: Source, target: Path, rng: np.random.Generator) -> None:
    """1 to 64 single bits."""
    data = bytearray(source.data)
    for place in rng.integers(0, len(data), 2 ** rng.integers(0, 7)):
        data[place] ^= 1 << rng.integers(8)
    target.write_bytes(data)


def garbled(source: Source, target: Path, rng: np.random.Generator) -> None:
    """1 to 3 blocks of 16 to 1024 bytes replaced by noise or by zeros."""
    data = bytearray(source.data)
    for _ in range(rng.integers(1, 4)):
        size = int(2 ** rng.integers(4, 11))
        place = int(rng.integers(0, len(data) - size))
        data[place : place + size] = rng.bytes(size) if rng.integers(2) else bytes(size)
    target.write_bytes(data)


def swapped(source: Source, target: Path, rng: np.random.Generator) -> None:
    """1 to 3 pairs of packets change places; stamps and key-frame flags of the container stay where they were."""
    order = list(range(len(source.ranges)))
    for _ in range(rng.integers(1, 4)):
        one, other = rng.choice(len(order), 2, replace=False)
        order[one], order[other] = order[other], order[one]
    payloads = [source.data[first:end] for first, end in (source.ranges[number] for number in order)]
    if target.suffix in _RAW:
        target.write_bytes(b''.join(payloads))
        return
    with av.open(str(source.path)) as sound, av.open(str(target), 'w', options=REPEATABLE) as sink:
        stream = sink.add_stream_from_template(sound.streams.video[0])
        packets = (packet for packet in sound.demux(video=0) if packet.size)
        for packet, payload in zip(packets, payloads, strict=True):
            moved = av.Packet(payload)
            moved.pts, moved.dts, moved.time_base = packet.pts, packet.dts, packet.time_base
            moved.duration, moved.is_keyframe, moved.stream = packet.duration, packet.is_keyframe, stream
            sink.mux(moved)


def damage(kind: str, source: Source, target: Path, rng: np.random.Generator) -> None:
    """Write a damaged copy; one that came out as it was is damaged again."""
    while True:
        KINDS[kind](source, target, rng)
        if target.read_bytes() != source.data:
            return


KINDS: dict[str, Callable[[Source, Path, np.random.Generator], None]] = {
    function.__name__: function for function in (truncated, header, bit_flips, garbled, swapped)
}
