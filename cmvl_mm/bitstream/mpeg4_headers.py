"""Headers of MPEG-4 Part 2 (ISO/IEC 14496-2, 6.2): of the video object layer, and of the pictures in it (VOPs).

Whatever is malformed raises ValueError, and so does what no B-frame is read of: shapes, scalability, new prediction.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from cmvl_mm.bitstream.bits import BitReader

I_VOP, P_VOP, B_VOP, S_VOP = range(4)  # vop_coding_type
_VOL = re.compile(rb'\x00\x00\x01[\x20-\x2f]')
_VOP = b'\0\0\1\xb6'
_LONGEST_HEADER = 256  # bytes


class Layer(NamedTuple):
    """What of a video object layer its pictures need."""

    resolution: int
    """Ticks per second."""
    width: int
    height: int
    interlaced: bool
    sprite: int
    """0 none, 1 static, 2 GMC."""
    quantiser_bits: int
    quarter_sample: bool
    resync_markers: bool

    @property
    def tick_bits(self) -> int:
        """Length of vop_time_increment."""
        return max((self.resolution - 1).bit_length(), 1)


class Vop(NamedTuple):
    """One picture's bits."""

    kind: int
    seconds: int
    """modulo_time_base."""
    ticks: int
    coded: bool
    """False: a picture that repeats the one before."""
    data: bytes
    """From its own start code, and whatever headers come before it, to the next one's."""


def parse_layer(data: bytes) -> Layer:
    """The first video object layer in a stream's header or packet."""
    found = _VOL.search(data)
    if found is None:
        raise ValueError('there is no video object layer')
    b = BitReader(data[found.end() : found.end() + _LONGEST_HEADER])
    b.u(9)  # random access, type
    version = 1
    if b.flag():
        version, _ = b.u(4), b.u(3)
    if b.u(4) == 15:
        b.u(16)  # aspect ratio
    if b.flag():
        b.u(3)
        if b.flag():
            b.u(79)  # video buffering verifier
    if b.u(2):
        raise ValueError('shapes are not supported')
    b.flag()
    resolution = b.u(16)
    b.flag()
    if b.flag():
        b.u(max((resolution - 1).bit_length(), 1))  # fixed rate
    b.flag()
    width, _, height, _ = b.u(13), b.flag(), b.u(13), b.flag()
    interlaced, _ = b.flag(), b.flag()
    sprite = b.u(1 if version == 1 else 2)
    if sprite == 1:
        raise ValueError('static sprites are not supported')
    if sprite:
        b.u(9)
    quantiser_bits = 5
    if b.flag():
        quantiser_bits, _ = b.u(4), b.u(4)
    if b.flag():
        for _ in range(2):
            if b.flag():
                _skip_matrix(b)
    quarter_sample = version != 1 and b.flag()
    if not b.flag():
        raise ValueError('complexity estimation is not supported')
    resync_markers = not b.flag()
    if b.flag():
        b.flag()  # data partitioning, reversible codes: not in B-frames
    if (version != 1 and b.u(2)) or b.flag():
        raise ValueError('new prediction, reduced resolution and scalability are not supported')
    if not resolution or not width or not height:
        raise ValueError('the layer states no size or no time')
    return Layer(resolution, width, height, interlaced, sprite, quantiser_bits, quarter_sample, resync_markers)


def whole_macroblocks(header: bytes) -> bytes:
    """A stream's header that states a size of whole macroblocks, so that a decoder hides nothing of the last ones."""
    layer, found = parse_layer(header), _VOL.search(header)
    assert found is not None
    bits = BitReader(header[found.end() :]).bits
    stated, whole = (
        ''.join(f'1{edge:013b}' for edge in size) + '1'
        for size in ((layer.width, layer.height), (-(-layer.width // 16) * 16, -(-layer.height // 16) * 16))
    )
    at = bits.find(stated)
    if at < 0 or bits.find(stated, at + 1) >= 0:
        raise ValueError('its size cannot be found')
    bits = bits[:at] + whole + bits[at + len(whole) :]
    return header[: found.end()] + int(bits, 2).to_bytes(len(bits) // 8)


def states_layer(data: bytes) -> bool:
    """Whether there is a video object layer in a packet, or in the first bytes of one."""
    return _VOL.search(data) is not None


def held_at_changes(header: bytes, packets: Iterable[bytes]) -> set[int]:
    """Positions of the reference pictures that a decoder still holds when another layer is stated.

    FFmpeg hands them out with vectors in the units of the new layer, which may be twice or half as large.

    Args:
        header: of the stream.
        packets: all of them, in decoding order.
    """
    layer, reference, held = _stated(header), -1, set[int]()
    for position, packet in enumerate(packets):
        stated = _stated(packet)
        if stated is not None:
            if layer not in (None, stated) and reference >= 0:
                held.add(reference)
            layer = stated
        picture = packet.find(_VOP)
        if 0 <= picture < len(packet) - 4 and packet[picture + 4] >> 6 != B_VOP:
            reference = position
    return held


def _stated(data: bytes) -> bytes | None:
    """The bytes of the first video object layer, up to the next start code."""
    found = _VOL.search(data)
    if found is None:
        return None
    end = data.find(b'\0\0\1', found.end())
    return data[found.start() : end if end >= 0 else None]


def _skip_matrix(b: BitReader) -> None:
    for _ in range(64):
        if not b.u(8):
            return


def vops(layer: Layer, packet: bytes) -> Iterator[Vop]:
    """All pictures of a packet: a packed one holds a B-frame too, which belongs after it."""
    start, at = 0, packet.find(_VOP)
    while at >= 0:
        following = packet.find(_VOP, at + 4)
        end = len(packet) if following < 0 else following
        kind, seconds, ticks, coded = parse_vop_start(layer, BitReader(packet[at + 4 : at + 4 + _LONGEST_HEADER]))
        yield Vop(kind, seconds, ticks, coded, packet[start:end])
        start, at = end, following


def parse_vop_start(layer: Layer, b: BitReader) -> tuple[int, int, int, bool]:
    """Kind, seconds, ticks, and whether anything is coded; the reader stands behind the start code, and then there."""
    kind, seconds = b.u(2), 0
    while b.flag():
        seconds += 1
    b.flag()
    ticks, _, coded = b.u(layer.tick_bits), b.flag(), b.flag()
    return kind, seconds, ticks, coded


def is_plain_p_vop(data: bytes, tick_bits: int) -> bool:
    """Whether a packet begins with the header of a coded P-frame, its marker bits set, and nothing before it.

    Args:
        data: the packet's first bytes; 16 are enough but for times that no encoder writes.
        tick_bits: of its layer.
    """
    if data[:4] != _VOP or len(data) < 5:
        return False
    mask, plain = _plain_within_a_second(tick_bits)
    if int.from_bytes(data[4:12]) & mask == plain and len(data) >= 12:
        return True
    bits, left = int.from_bytes(data[4:]), 8 * (len(data) - 4)  # BitReader costs four times that
    kind, left = bits >> (left - 2) & 3, left - 2
    while left > 0 and bits >> (left - 1) & 1:  # modulo_time_base
        left -= 1
    left -= tick_bits + 4
    if kind != P_VOP or left < 0:
        return False
    # the end of modulo_time_base, a marker, the ticks, another marker, vop_coded
    return bits >> left & 3 == 3 and bits >> (left + 2 + tick_bits) & 1 == 1


@cache
def _plain_within_a_second(tick_bits: int) -> tuple[int, int]:
    """Which of the 64 bits behind the start code count, and what they are, where no second has passed since the
    picture before, as in nearly every packet."""
    marker = 1 << 60
    last = 1 << (58 - tick_bits)  # vop_coded; the marker before it
    return 3 << 62 | 1 << 61 | marker | 3 * last, 1 << 62 | marker | 3 * last
