"""Headers of MPEG-4 Part 2's pictures."""

import itertools
import random

import pytest

from cmvl_mm.bitstream.mpeg4_vops import is_plain_p_vop


def header(kind, seconds, marker, ticks, second_marker, coded, tick_bits, filler):
    """The bits of ISO/IEC 14496-2, 6.2.5, one field after the other, and bytes of the picture behind them."""
    bits = f'{kind:02b}' + '1' * seconds + '0' + f'{marker:d}{ticks:0{tick_bits}b}{second_marker:d}{coded:d}'
    bits += f'{filler:064b}'
    bits = bits[: len(bits) // 8 * 8]
    return b'\0\0\1\xb6' + int(bits, 2).to_bytes(len(bits) // 8)


@pytest.mark.parametrize('tick_bits', [1, 5, 12, 16])
def test_a_plain_header_is_of_a_coded_p_frame_with_all_its_markers(tick_bits):
    rng = random.Random(tick_bits)
    for kind, seconds, *flags in itertools.product(range(4), (0, 1, 3), *[(False, True)] * 3):
        marker, second_marker, coded = flags
        ticks, filler = rng.getrandbits(tick_bits), rng.getrandbits(64)
        data = header(kind, seconds, marker, ticks, second_marker, coded, tick_bits, filler)
        assert is_plain_p_vop(data, tick_bits) == (kind == 1 and all(flags)), (kind, seconds, flags, ticks)
        assert not is_plain_p_vop(b'\0' + data, tick_bits)


def test_a_header_that_is_cut_off_is_not_plain():
    data = header(1, 0, True, 3, True, True, 12, 0)
    assert is_plain_p_vop(data, 12)
    assert is_plain_p_vop(data[:7], 12)  # just the 18 bits that count
    assert not any(is_plain_p_vop(data[:length], 12) for length in range(7))
