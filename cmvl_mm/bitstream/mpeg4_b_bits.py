"""Reads the bits of an MPEG-4 Part 2 B-frame after its header, code by code (ISO/IEC 14496-2, 6.2 and 7)."""

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.mpeg4_b_codes import COEFFICIENTS, LONGEST_CODE, VECTORS


class CodedBits:
    """The bits after a picture's header.  Malformed data raises ValueError.

    Args:
        b: reader that is positioned after the header.
    """

    def __init__(self, b: BitReader) -> None:
        self._at = b.position
        self._bits = b.bits + '0' * LONGEST_CODE  # padding for table lookups at the end
        self._end = len(b.bits)

    def u(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        end = self._at + count
        if end > self._end:
            raise ValueError('the frame ends too early')
        value = int(self._bits[self._at : end], 2)
        self._at = end
        return value

    def vector(self, predicted: int, range_code: int) -> int:
        """Read one vector component, given its prediction (7.6.3)."""
        length, size = VECTORS[int(self._bits[self._at : self._at + LONGEST_CODE], 2)]
        if not length or self._at >= self._end:
            raise ValueError('a vector has an invalid code')
        self._at += length
        if size:
            sign, extra = self.u(1), range_code - 1
            if extra:
                size = ((size - 1) << extra | self.u(extra)) + 1
            predicted += -size if sign else size
        half = 16 << range_code
        return (predicted + half) % (2 * half) - half

    def pass_block(self) -> None:
        """Skip the coefficients of an inter block (7.4.1.3)."""
        at, bits, table, end = self._at, self._bits, COEFFICIENTS, self._end
        last = 0
        while not last:
            if at >= end:
                raise ValueError('the frame ends within a block')
            length, last = table[int(bits[at : at + LONGEST_CODE], 2)]
            if not length:
                raise ValueError('a coefficient has an invalid code')
            at += length
            if last == 2:  # escape: a code with another level or run, or all fields of fixed length
                kind = bits[at : at + 2]
                if kind == '11':
                    last = int(bits[at + 2])
                    at += 2 + 1 + 6 + 1 + 12 + 1
                    continue
                at += 1 if kind[0] == '0' else 2
                length, last = table[int(bits[at : at + LONGEST_CODE], 2)]
                if not length or last == 2:
                    raise ValueError('an escape leads to an invalid code')
                at += length
            at += 1  # the sign
        self._at = at

    def stuffing_end(self) -> int:
        """Position of the byte after the stuffing; 0 if there is none."""
        end = self._at + 8 - self._at % 8
        stuffing = self._bits[self._at : end]
        return end if stuffing == '0' + '1' * (len(stuffing) - 1) else 0
