"""Finds changes of the layer in an MPEG-4 Part 2 stream, and the pictures that a decoder still holds there."""

from collections.abc import Iterable

from cmvl_mm.bitstream.mpeg4_headers import LAYER_START
from cmvl_mm.bitstream.mpeg4_vops import B_VOP, VOP_START


def held_at_changes(header: bytes, packets: Iterable[bytes]) -> set[int]:
    """Positions of the reference pictures that a decoder still holds when another layer is stated.

    FFmpeg returns them with vectors in the units of the new layer, which may be twice or half as large.

    Args:
        header: header of the stream.
        packets: all packets, in decoding order.
    """
    layer, reference, held = _stated(header), -1, set[int]()
    for position, packet in enumerate(packets):
        stated = _stated(packet)
        if stated is not None:
            if layer not in (None, stated) and reference >= 0:
                held.add(reference)
            layer = stated
        picture = packet.find(VOP_START)
        if 0 <= picture < len(packet) - 4 and packet[picture + 4] >> 6 != B_VOP:
            reference = position
    return held


def _stated(data: bytes) -> bytes | None:
    """The bytes of the first video object layer, up to the next start code."""
    found = LAYER_START.search(data)
    if found is None:
        return None
    end = data.find(b'\0\0\1', found.end())
    return data[found.start() : end if end >= 0 else None]
