"""Flat MPEG-4 Part 2 pictures, written bit by bit: a picture predicted from one of them shows only its residual.

ISO/IEC 14496-2, 6.2.5 and 7.4.  Every prediction from a flat picture is flat, for any vectors and rounding.
"""

from cmvl_mm.bitstream.mpeg4_headers import Layer

MIDDLE = 128  # predicted value of the first DC coefficient, divided by 8

_DC_LUMA = [
    '011',
    '11',
    '10',
    '010',
    '001',
    '0001',
    '00001',
    '000001',
    '0000001',
]  # dct_dc_size, Table B-13: 0 to 8 bits
_DC_CHROMA = ['11', '10', '01', '001', '0001', '00001', '000001', '0000001', '00000001']
_INTRA = '1' + '0' + '0011'  # mcbpc: intra, no chroma coefficients; no AC prediction; cbpy: none


def flat_i_vop(layer: Layer, level: int) -> bytes:
    """An I-VOP whose luma and chroma samples all have the value ``level``, 0 to 255."""
    step = level - MIDDLE
    rest = _macroblock(0)
    return _vop(layer, '00', '000' + _finest(layer) + _macroblock(step) + rest * (_macroblocks(layer) - 1))


def skipped_p_vop(layer: Layer) -> bytes:
    """A P-VOP that repeats the picture before it: no macroblock is coded."""
    return _vop(layer, '01', '0' + '000' + _finest(layer) + '001' + '1' * _macroblocks(layer))


def _finest(layer: Layer) -> str:
    """vop_quant 1, so that DC coefficients have steps of 8."""
    return f'{1:0{layer.quantiser_bits}b}'


def _macroblocks(layer: Layer) -> int:
    return -(-layer.width // 16) * -(-layer.height // 16)


def _macroblock(step: int) -> str:
    """A macroblock of six blocks, each predicted from the previous one; the first of each plane differs by ``step``."""
    luma, chroma = _difference(step, _DC_LUMA), _difference(step, _DC_CHROMA)
    return _INTRA + luma + _DC_LUMA[0] * 3 + chroma * 2


def _difference(step: int, codes: list[str]) -> str:
    size = abs(step).bit_length()
    value = step if step >= 0 else step + (1 << size) - 1
    return codes[size] + (f'{value:0{size}b}' if size else '')


def _vop(layer: Layer, kind: str, body: str) -> bytes:
    if layer.interlaced or layer.sprite:
        raise ValueError('flat pictures can be written only for progressive streams without sprites')
    bits = f'{kind}01{"0" * layer.tick_bits}11{body}0'  # times of 0; the marker bits, vop_coded, and the first stuffing
    bits += '1' * (-len(bits) % 8)
    return b'\0\0\1\xb6' + int(bits, 2).to_bytes(len(bits) // 8)
