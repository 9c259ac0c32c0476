"""P-frames of MPEG-4 Part 2 that consist of vectors alone, written bit by bit (ISO/IEC 14496-2, 6.2.5 and 7.6.5)."""

from h264_writer import BitWriter

from cmvl_mm.bitstream.mpeg4_b_codes import _VECTOR_CODES

CODES = _VECTOR_CODES.split()
RANGE_CODE = 2  # vop_fcode_forward: differences of up to 64 half pixels
LONGEST = 31.5  # px


def vectors_alone(layer, sources, rounding):
    """A P-VOP whose macroblocks are predicted, and nothing is added.

    Args:
        sources: (Hb, Wb, 2) x and y of where each macroblock comes from, half pixels of at most `LONGEST` px.
        rounding: vop_rounding_type.
    """
    writer = BitWriter().u((2, 1), (1, 0), (1, 1), (layer.tick_bits, 0), (1, 1), (1, 1))
    writer.u((1, rounding), (3, 0), (layer.quantiser_bits, 5), (3, RANGE_CODE))
    rows, columns, _ = sources.shape
    for row in range(rows):
        for column in range(columns):
            writer.bits += '0' + '1' + '11'  # coded; one vector, no chroma coefficients; none of luma
            for axis in range(2):
                writer.bits += _difference(int(sources[row, column, axis]) - _predicted(sources, row, column, axis))
    bits = writer.bits + '0'
    bits += '1' * (-len(bits) % 8)
    return b'\0\0\1\xb6' + int(bits, 2).to_bytes(len(bits) // 8)


def _predicted(sources, row, column, axis):
    """The median of the vectors at left, above, and above at right; in the first row that at left."""
    left = sources[row, column - 1, axis] if column else 0
    if not row:
        return int(left)
    above = sources[row - 1, column, axis]
    right = sources[row - 1, column + 1, axis] if column + 1 < sources.shape[1] else 0
    return int(sorted([left, above, right])[1])


def _difference(step):
    half = 16 << RANGE_CODE
    step = (step + half) % (2 * half) - half
    if not step:
        return CODES[0]
    extra = RANGE_CODE - 1
    size = (abs(step) - 1 >> extra) + 1
    return CODES[size] + ('1' if step < 0 else '0') + f'{(abs(step) - 1) % (1 << extra):0{extra}b}'
