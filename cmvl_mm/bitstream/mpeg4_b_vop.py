"""Vectors of MPEG-4 Part 2's B-frames, read from their bits: FFmpeg exports zeros in their place.

ISO/IEC 14496-2, 6.2.6 and 7.6.  A frame is only accepted if its bits end where its last macroblock does.

Legend: Mh x Mw macroblocks; vectors in half pixels, or in quarter pixels where the layer says so.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.mpeg4_headers import B_VOP, Layer, parse_vop_start

_VECTOR_CODES = (  # Table B-12: of differences 0 to 32, without the sign
    '1 01 001 0001 000011 0000101 0000100 0000011 000001011 000001010 000001001 0000010001 0000010000 0000001111 '
    '0000001110 0000001101 0000001100 0000001011 0000001010 0000001001 0000001000 0000000111 0000000110 0000000101 '
    '0000000100 00000000111 00000000110 00000000101 00000000100 00000000011 00000000010 000000000011 000000000010'
)
# Table B-17, inter blocks: lengths of the codes and their values, without the sign. First those after which others
# follow in the block, by run and level, then the last ones.
_MORE = (
    '2:2 4:f 6:15 7:17 8:1f 9:25 9:24 10:21 10:20 11:7 11:6 11:20 3:6 6:14 8:1e 10:f 11:21 12:50 4:e 8:1d 10:e 12:51 '
    '5:d 9:23 10:d 5:c 9:22 12:52 5:b 10:c 12:53 6:13 10:b 12:54 6:12 10:a 6:11 10:9 6:10 10:8 7:16 12:55 7:15 7:14 '
    '8:1c 8:1b 9:21 9:20 9:1f 9:1e 9:1d 9:1c 9:1b 9:1a 11:22 11:23 12:56 12:57'
)
_LAST = (
    '4:7 9:19 11:5 6:f 11:4 6:e 6:d 6:c 7:13 7:12 7:11 7:10 8:1a 8:19 8:18 8:17 8:16 8:15 8:14 8:13 9:18 9:17 9:16 '
    '9:15 9:14 9:13 9:12 9:11 10:7 10:6 10:5 10:4 11:24 11:25 11:26 11:27 12:58 12:59 12:5a 12:5b 12:5c 12:5d 12:5e '
    '12:5f'
)
_ESCAPE = '0000011'
_LONGEST = 12  # bits

_Vector = list[int] | npt.NDArray[np.int32] | None
"""Of a macroblock: (2,), or (2, 2, 2) of its quarters; None where it has none."""


def _table(codes: list[tuple[str, int]]) -> list[tuple[int, int]]:
    """Next 12 bits -> length and meaning of the code that they begin with; length 0 where there is none."""
    table = [(0, 0)] * (1 << _LONGEST)
    for code, meaning in codes:
        rest = _LONGEST - len(code)
        first = int(code, 2) << rest
        table[first : first + (1 << rest)] = [(len(code), meaning)] * (1 << rest)
    return table


def _code(entry: str) -> str:
    length, value = entry.split(':')
    return f'{int(value, 16):0{int(length)}b}'


_VECTORS = _table([(code, size) for size, code in enumerate(_VECTOR_CODES.split())])
_COEFFICIENTS = _table(
    [
        *[(_code(entry), 0) for entry in _MORE.split()],
        *[(_code(entry), 1) for entry in _LAST.split()],
        (_ESCAPE, 2),
    ]
)


class BVectors(NamedTuple):
    """Vectors of one frame to one of its references."""

    vectors: npt.NDArray[np.int32]
    """(2 Mh, 2 Mw, 2) x and y, as FFmpeg counts them: where the block came from; 0 where there is none."""
    valid: npt.NDArray[np.bool_]
    """(2 Mh, 2 Mw): where there is one."""


def b_vectors(
    layer: Layer,
    vop: bytes,
    skipped: npt.NDArray[np.bool_],
    colocated: npt.NDArray[np.int32],
    span: tuple[int, int],
) -> tuple[BVectors, BVectors]:
    """Vectors of one B-frame to the references that are displayed before it, and after it.

    Args:
        layer: with frames alone.
        vop: the frame's bits, from behind its start code on.
        skipped: (Mh, Mw) of the reference displayed after it: macroblocks of which nothing is coded.
        colocated: (2 Mh, 2 Mw, 2) that reference's own vectors, of every 8x8 px; 0 where it has none.
        span: ticks from the reference before to this frame, and to the reference after it.

    Raises:
        ValueError: if the bits make no frame, or do not end with it.
    """
    return _Frame(layer, vop, skipped, colocated, span).read()


class _Frame:
    def __init__(
        self,
        layer: Layer,
        vop: bytes,
        skipped: npt.NDArray[np.bool_],
        colocated: npt.NDArray[np.int32],
        span: tuple[int, int],
    ) -> None:
        b = BitReader(vop)
        kind, _, _, coded = parse_vop_start(layer, b)
        b.u(3)  # intra_dc_vlc_thr
        if kind != B_VOP or not coded or layer.interlaced:
            raise ValueError('this is no B-frame that can be read')
        b.u(layer.quantiser_bits)
        self._layer = layer
        self._codes = b.u(3), b.u(3)  # vop_fcode_forward, vop_fcode_backward
        if not all(self._codes):
            raise ValueError('vectors have no range')
        self._at = b.position
        self._bits = b.bits + '0' * _LONGEST  # so that a table can be asked at the end, too
        self._end = len(b.bits)
        self._skipped = skipped
        rows, columns = skipped.shape
        # Of direct macroblocks (7.6.9.5.2): the reference's own vectors, and what they come to on either side.
        self._colocated = colocated.reshape(rows, 2, columns, 2, 2).swapaxes(1, 2)
        self._forward = _truncated(self._colocated * span[0], span[1])
        self._backward = _truncated(self._colocated * (span[0] - span[1]), span[1])

    def read(self) -> tuple[BVectors, BVectors]:
        rows, columns = self._skipped.shape
        found = tuple(
            BVectors(np.zeros((2 * rows, 2 * columns, 2), np.int32), np.zeros((2 * rows, 2 * columns), np.bool_))
            for _ in range(2)
        )
        skipped = self._skipped.tolist()
        for row in range(rows):
            predicted = [[0, 0], [0, 0]]
            for column in range(columns):
                place = slice(2 * row, 2 * row + 2), slice(2 * column, 2 * column + 2)
                if skipped[row][column]:
                    found[0].valid[place] = True  # predicted from the same place
                    continue
                if self._passes_a_marker(row * columns + column):
                    predicted = [[0, 0], [0, 0]]
                for side, vector in zip(found, self._macroblock(predicted, row, column), strict=True):
                    if vector is not None:
                        side.vectors[place], side.valid[place] = vector, True
        self._check_end()
        return found[0], found[1]

    def _macroblock(self, predicted: list[list[int]], row: int, column: int) -> tuple[_Vector, _Vector]:
        """Its vectors forward and backward."""
        direct = self._forward[row, column], self._backward[row, column]
        if self._u(1):
            return direct
        has_blocks = not self._u(1)
        kind = 0  # 0 direct, 1 both directions, 2 backward, 3 forward
        while not self._u(1):
            kind += 1
            if kind > 3:
                raise ValueError('a macroblock of no kind')
        pattern = self._u(6) if has_blocks else 0
        if kind and pattern and self._u(1):
            self._u(1)  # the quantiser changes
        forward: _Vector = None
        backward: _Vector = None
        if kind in (1, 3):
            forward = predicted[0] = [self._vector(part, self._codes[0]) for part in predicted[0]]
        if kind in (1, 2):
            backward = predicted[1] = [self._vector(part, self._codes[1]) for part in predicted[1]]
        if not kind:
            change = np.array([self._vector(0, 1), self._vector(0, 1)])
            forward = direct[0] + change
            backward = np.where(change == 0, direct[1], forward - self._colocated[row, column])
        for block in range(6):
            if pattern >> (5 - block) & 1:
                self._pass_block()
        return forward, backward

    def _u(self, count: int) -> int:
        end = self._at + count
        if end > self._end:
            raise ValueError('the frame ends too early')
        value = int(self._bits[self._at : end], 2)
        self._at = end
        return value

    def _vector(self, predicted: int, range_code: int) -> int:
        """One component (7.6.3)."""
        length, size = _VECTORS[int(self._bits[self._at : self._at + _LONGEST], 2)]
        if not length or self._at >= self._end:
            raise ValueError('a vector of no code')
        self._at += length
        if size:
            sign, extra = self._u(1), range_code - 1
            if extra:
                size = ((size - 1) << extra | self._u(extra)) + 1
            predicted += -size if sign else size
        half = 16 << range_code
        return (predicted + half) % (2 * half) - half

    def _pass_block(self) -> None:
        """Behind the last coefficient of an inter block (7.4.1.3)."""
        at, bits, table, end = self._at, self._bits, _COEFFICIENTS, self._end
        last = 0
        while not last:
            if at >= end:
                raise ValueError('the frame ends within a block')
            length, last = table[int(bits[at : at + _LONGEST], 2)]
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
                length, last = table[int(bits[at : at + _LONGEST], 2)]
                if not length or last == 2:
                    raise ValueError('an escape to no code')
                at += length
            at += 1  # the sign
        self._at = at

    def _stuffing(self) -> int:
        """Where the byte after the stuffing begins; 0 where there is none."""
        end = self._at + 8 - self._at % 8
        stuffing = self._bits[self._at : end]
        return end if stuffing == '0' + '1' * (len(stuffing) - 1) else 0

    def _passes_a_marker(self, macroblock: int) -> bool:
        """Whether a video packet begins here; its header is skipped (6.2.5.2)."""
        zeros = max(*self._codes, 2) + 15
        start = self._stuffing() if self._layer.resync_markers and self._bits[self._at] == '0' else 0
        if not start or not self._bits.startswith('0' * zeros + '1', start):
            return False
        self._at = start + zeros + 1
        rows, columns = self._skipped.shape
        if self._u(max((rows * columns - 1).bit_length(), 1)) > macroblock:
            raise ValueError('macroblocks are missing')
        self._u(self._layer.quantiser_bits)
        if self._u(1):
            while self._u(1):
                pass
            self._u(1 + self._layer.tick_bits + 1 + 2 + 3 + 3 + 3)
        return True

    def _check_end(self) -> None:
        end = self._stuffing()
        if not end or '1' in self._bits[end : self._end] or end > self._end:
            raise ValueError('the bits do not end with the frame')


def _truncated(product: npt.NDArray[np.int32], divisor: int) -> npt.NDArray[np.int32]:
    """Divided, towards zero."""
    return np.sign(product) * (np.abs(product) // divisor)
