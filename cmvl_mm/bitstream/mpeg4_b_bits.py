"""Bits of a B-frame of MPEG-4 Part 2 behind its header, code by code (ISO/IEC 14496-2, 6.2 and 7)."""

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.mpeg4_b_codes import COEFFICIENTS, LONGEST_CODE, VECTORS


class CodedBits:
    """What follows a picture's header.  Whatever is malformed raises ValueError.

    Args:
        b: stands behind the header.
    """

    def __init__(self, b: BitReader) -> None:
        self._at = b.position
        self._bits = b.bits + '0' * LONGEST_CODE  # so that a table can be asked at the end, too
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
        """One component, given its prediction (7.6.3)."""
        length, size = VECTORS[int(self._bits[self._at : self._at + LONGEST_CODE], 2)]
        if not length or self._at >= self._end:
            raise ValueError('a vector of no code')
        self._at += length
        if size:
            sign, extra = self.u(1), range_code - 1
            if extra:
                size = ((size - 1) << extra | self.u(extra)) + 1
            predicted += -size if sign else size
        half = 16 << range_code
        return (predicted + half) % (2 * half) - half

    def pass_block(self) -> None:
        """Behind the last coefficient of an inter block (7.4.1.3)."""
        at, bits, table, end = self._at, self._bits, COEFFICIENTS, self._end
        last = 0
        while not last:
            if at >= end:
                raise ValueError('the frame ends within a block')
            length, last = table[int(bits[at : at + LONGEST_CODE], 2)]
            if not length:
                raise ValueError('a coefficient of no code')
            at += length
            if last == 2:  # an escape: a code with another level or run, or all of it in fixed lengths
                kind = bits[at : at + 2]
                if kind == '11':
                    last = int(bits[at + 2])
                    at += 2 + 1 + 6 + 1 + 12 + 1
                    continue
                at += 1 if kind[0] == '0' else 2
                length, last = table[int(bits[at : at + LONGEST_CODE], 2)]
                if not length or last == 2:
                    raise ValueError('an escape to no code')
                at += length
            at += 1  # the sign
        self._at = at

    def stuffing_end(self) -> int:
        """Where the byte after the stuffing begins; 0 where there is none."""
        end = self._at + 8 - self._at % 8
        stuffing = self._bits[self._at : end]
        return end if stuffing == '0' + '1' * (len(stuffing) - 1) else 0
