"""The header of MPEG-4 Part 2's video object layer (ISO/IEC 14496-2, 6.2).

Malformed data raises ValueError, and so do features that B-frames are not read of: shapes, scalability, new prediction.
"""

import re
from typing import NamedTuple

from cmvl_mm.bitstream.bits import BitReader

LAYER_START = re.compile(rb'\x00\x00\x01[\x20-\x2f]')
LONGEST_HEADER = 256  # bytes


class Layer(NamedTuple):
    """The properties of a video object layer that its pictures need."""

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


def parse_layer(data: bytes) -> Layer:
    """Parse the first video object layer in a stream's header or packet."""
    found = LAYER_START.search(data)
    if found is None:
        raise ValueError('there is no video object layer')
    b = BitReader(data[found.end() : found.end() + LONGEST_HEADER])
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
        raise ValueError('the layer states no frame size or no time resolution')
    return Layer(resolution, width, height, interlaced, sprite, quantiser_bits, quarter_sample, resync_markers)


def whole_macroblocks(header: bytes) -> bytes:
    """A stream's header changed to a size of whole macroblocks, so that a decoder shows all of the last ones."""
    layer, found = parse_layer(header), LAYER_START.search(header)
    assert found is not None
    bits = BitReader(header[found.end() :]).bits
    stated, whole = (
        ''.join(f'1{edge:013b}' for edge in size) + '1'
        for size in ((layer.width, layer.height), (-(-layer.width // 16) * 16, -(-layer.height // 16) * 16))
    )
    at = bits.find(stated)
    if at < 0 or bits.find(stated, at + 1) >= 0:
        raise ValueError('the frame size cannot be found in the header')
    bits = bits[:at] + whole + bits[at + len(whole) :]
    return header[: found.end()] + int(bits, 2).to_bytes(len(bits) // 8)


def states_layer(data: bytes) -> bool:
    """Whether a packet, or its first bytes, contain a video object layer."""
    return LAYER_START.search(data) is not None


def _skip_matrix(b: BitReader) -> None:
    for _ in range(64):
        if not b.u(8):
            return
