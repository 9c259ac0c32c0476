"""Reads a header bit by bit."""

_LONGEST_CODE = 32  # most leading zeros of an Exp-Golomb code


class BitReader:
    """Reads the bits of a byte string, starting with the most significant.

    Every method raises ValueError at the end of the data, so every loop over them ends there.
    """

    def __init__(self, data: bytes) -> None:
        self.bits = f'{int.from_bytes(data):0{8 * len(data)}b}' if data else ''
        """The bits as '0' and '1'."""
        self.position = 0
        """Position of the next bit."""

    def u(self, count: int) -> int:
        """Unsigned integer of ``count`` bits."""
        end = self.position + count
        if end > len(self.bits):
            raise ValueError('the header ends too early')
        bits = self.bits[self.position : end]
        self.position = end
        return int(bits, 2) if count else 0

    def flag(self) -> bool:
        """One bit."""
        bit = self.bits[self.position : self.position + 1]
        if not bit:
            raise ValueError('the header ends too early')
        self.position += 1
        return bit == '1'

    def ue(self, most: int = 2**32 - 2) -> int:
        """Unsigned Exp-Golomb code (ITU-T H.264, 9.1) of at most ``most``."""
        one = self.bits.find('1', self.position)
        zeros = one - self.position
        if one < 0 or zeros > _LONGEST_CODE:
            raise ValueError('the header ends within a number')
        if not zeros:  # by far the most common case
            self.position = one + 1
            return 0
        self.position = one
        value = self.u(zeros + 1) - 1
        if value > most:
            raise ValueError(f'the header has the value {value} where at most {most} is allowed')
        return value

    def se(self) -> int:
        """Signed Exp-Golomb code."""
        value = self.ue()
        return (value + 1) // 2 if value % 2 else -(value // 2)
