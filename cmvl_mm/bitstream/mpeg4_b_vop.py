"""Vectors of MPEG-4 Part 2's B-frames, read from their bits, because FFmpeg exports zeros for them.

ISO/IEC 14496-2, 6.2.6 and 7.6.  A frame is only accepted if its bits end with its last macroblock.

Legend: Mh x Mw macroblocks; vectors in half pixels, or in quarter pixels if the layer says so.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.bits import BitReader
from cmvl_mm.bitstream.mpeg4_b_bits import CodedBits
from cmvl_mm.bitstream.mpeg4_headers import Layer
from cmvl_mm.bitstream.mpeg4_vops import B_VOP, parse_vop_start

_Vector = list[int] | npt.NDArray[np.int32] | None
"""Vectors of a macroblock: (2,), or (2, 2, 2) for its quarters; None if it has none."""


class BVectors(NamedTuple):
    """Vectors of one frame to one of its references."""

    vectors: npt.NDArray[np.int32]
    """(2 Mh, 2 Mw, 2) x and y as FFmpeg counts them: where the block came from; 0 if there is no vector."""
    valid: npt.NDArray[np.bool_]
    """(2 Mh, 2 Mw): where there is a vector."""


def b_vectors(
    layer: Layer,
    vop: bytes,
    skipped: npt.NDArray[np.bool_],
    colocated: npt.NDArray[np.int32],
    span: tuple[int, int],
) -> tuple[BVectors, BVectors]:
    """Read the vectors of one B-frame to the references displayed before and after it.

    Args:
        layer: a layer with frames only.
        vop: the frame's bits after its start code.
        skipped: (Mh, Mw) skipped macroblocks of the reference displayed after the frame.
        colocated: (2 Mh, 2 Mw, 2) that reference's own vectors, for every 8x8 px; 0 where it has none.
        span: ticks from the earlier reference to this frame, and to the later reference.

    Raises:
        ValueError: the bits do not form a frame, or do not end with it.
    """
    return _Frame(layer, vop, skipped, colocated, span).read()


class _Frame(CodedBits):
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
            raise ValueError('the frame is not a coded, progressive B-frame')
        b.u(layer.quantiser_bits)
        self._layer = layer
        self._codes = b.u(3), b.u(3)  # vop_fcode_forward, vop_fcode_backward
        if not all(self._codes):
            raise ValueError('the range code of the vectors is 0')
        super().__init__(b)
        self._skipped = skipped
        rows, columns = skipped.shape
        # For direct macroblocks (7.6.9.5.2): the reference's own vectors, and those derived in each direction.
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
        """Vectors of a macroblock, forward and backward."""
        direct = self._forward[row, column], self._backward[row, column]
        if self.u(1):
            return direct
        has_blocks = not self.u(1)
        kind = 0  # 0 direct, 1 both directions, 2 backward, 3 forward
        while not self.u(1):
            kind += 1
            if kind > 3:
                raise ValueError('a macroblock has an invalid type')
        pattern = self.u(6) if has_blocks else 0
        if kind and pattern and self.u(1):
            self.u(1)  # the quantiser changes
        forward: _Vector = None
        backward: _Vector = None
        if kind in (1, 3):
            forward = predicted[0] = [self.vector(part, self._codes[0]) for part in predicted[0]]
        if kind in (1, 2):
            backward = predicted[1] = [self.vector(part, self._codes[1]) for part in predicted[1]]
        if not kind:
            change = np.array([self.vector(0, 1), self.vector(0, 1)])
            forward = direct[0] + change
            backward = np.where(change == 0, direct[1], forward - self._colocated[row, column])
        for block in range(6):
            if pattern >> (5 - block) & 1:
                self.pass_block()
        return forward, backward

    def _passes_a_marker(self, macroblock: int) -> bool:
        """Whether a video packet starts here; its header is skipped (6.2.5.2)."""
        zeros = max(*self._codes, 2) + 15
        start = self.stuffing_end() if self._layer.resync_markers and self._bits[self._at] == '0' else 0
        if not start or not self._bits.startswith('0' * zeros + '1', start):
            return False
        self._at = start + zeros + 1
        rows, columns = self._skipped.shape
        if self.u(max((rows * columns - 1).bit_length(), 1)) > macroblock:
            raise ValueError('macroblocks are missing')
        self.u(self._layer.quantiser_bits)
        if self.u(1):
            while self.u(1):
                pass
            self.u(1 + self._layer.tick_bits + 1 + 2 + 3 + 3 + 3)
        return True

    def _check_end(self) -> None:
        end = self.stuffing_end()
        if not end or '1' in self._bits[end : self._end] or end > self._end:
            raise ValueError('the bits end before or after the frame')


def _truncated(product: npt.NDArray[np.int32], divisor: int) -> npt.NDArray[np.int32]:
    """Divide, rounding towards zero."""
    return np.sign(product) * (np.abs(product) // divisor)
