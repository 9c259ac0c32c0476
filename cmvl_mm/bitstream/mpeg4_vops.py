"""Pictures of MPEG-4 Part 2 (VOPs; ISO/IEC 14496-2, 6.2.5): their start, types and times."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.mpeg4_headers import LONGEST_HEADER, Layer

I_VOP, P_VOP, B_VOP, S_VOP = range(4)  # vop_coding_type
VOP_START = b'\0\0\1\xb6'


class Vop(NamedTuple):
    """The bits of one picture."""

    kind: int
    seconds: int
    """modulo_time_base."""
    ticks: int
    coded: bool
    """False if the picture repeats the one before."""
    data: bytes
    """Bytes from its start code, with any headers before it, to the next picture's."""


def vops(layer: Layer, packet: bytes) -> Iterator[Vop]:
    """All pictures of a packet: a packed one also holds a B-frame, which belongs after it."""
    start, at = 0, packet.find(VOP_START)
    while at >= 0:
        following = packet.find(VOP_START, at + 4)
        end = len(packet) if following < 0 else following
        kind, seconds, ticks, coded = parse_vop_start(layer, BitReader(packet[at + 4 : at + 4 + LONGEST_HEADER]))
        yield Vop(kind, seconds, ticks, coded, packet[start:end])
        start, at = end, following


def parse_vop_start(layer: Layer, b: BitReader) -> tuple[int, int, int, bool]:
    """Type, seconds, ticks, and whether anything is coded; reads from after the start code to after these fields."""
    kind, seconds = b.u(2), 0
    while b.flag():
        seconds += 1
    b.flag()
    ticks, _, coded = b.u(layer.tick_bits), b.flag(), b.flag()
    return kind, seconds, ticks, coded


def is_intra_mpeg4(packet: Any) -> bool:
    """Whether a packet of MPEG-4 Part 2 certainly holds an I-frame (ISO/IEC 14496-2, 6.2.5: ``vop_coding_type`` 0)."""
    data = bytes(memoryview(packet)[:256])  # other headers may come first
    code = data.find(VOP_START)
    return 0 <= code < len(data) - 4 and data[code + 4] >> 6 == 0


def is_plain_p_vop(data: bytes, tick_bits: int) -> bool:
    """Whether a packet begins with the header of a coded P-frame, its marker bits set, and nothing before it.

    Args:
        data: the packet's first bytes; 16 are enough except for times that no encoder writes.
        tick_bits: tick bits of its layer.
    """
    if data[:4] != VOP_START or len(data) < 5:
        return False
    mask, plain = _plain_within_a_second(tick_bits)
    if int.from_bytes(data[4:12]) & mask == plain and len(data) >= 12:
        return True
    bits, left = int.from_bytes(data[4:]), 8 * (len(data) - 4)  # BitReader takes four times as long
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
    """Mask and value of the 64 bits after the start code if less than a second has passed since the previous
    picture, as in nearly every packet."""
    marker = 1 << 60
    last = 1 << (58 - tick_bits)  # vop_coded; the marker before it
    return 3 << 62 | 1 << 61 | marker | 3 * last, 1 << 62 | marker | 3 * last
