"""How coarsely each block of a frame was quantised, from FFmpeg's ``AVVideoEncParams``.

Legend: n frames; Hb x Wb cells of 16 px, H.264's and MPEG's macroblocks.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import grid_shape

BLOCK = 16  # px
_HEADER = np.dtype(
    {
        'names': ['blocks', 'offset', 'size', 'type', 'quantiser'],
        'formats': ['<u4', '<u8', '<u8', '<i4', '<i4'],
        'offsets': [0, 8, 16, 24, 28],
        'itemsize': 64,
    }
)
_PARAMETERS = np.dtype([(name, '<i4') for name in ('x', 'y', 'w', 'h', 'delta')])
_SCALES = {1: 'H.264 QP', 2: 'MPEG-2 quantiser scale'}  # AVVideoEncParamsType


@dataclass(frozen=True, eq=False)
class QuantiserField:
    """Quantisers of n frames."""

    values: npt.NDArray[np.int16]
    """(n, Hb, Wb): quantisers on ``scale``; larger is coarser; 0 where not valid."""
    valid: npt.NDArray[np.bool_]
    """(n, Hb, Wb): False where the decoder gives none."""
    scale: str
    """'H.264 QP' (0 to 51), or 'MPEG-2 quantiser scale': twice the quantiser of MPEG-1, MPEG-4 Part 2 and H.263."""
    block: int = BLOCK


def parse_quantisers(data: bytes, height: int, width: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.bool_], str]:
    """Parse one frame's values and validity, (Hb, Wb), and their scale.

    Args:
        data: the side data: ``AVVideoEncParams`` and its blocks.
        height: height of the frame in pixels.
        width: width of the frame in pixels.

    Raises:
        ValueError: the data has another layout, or a scale without blocks of 16 px.
    """
    if len(data) < _HEADER.itemsize:
        raise ValueError('FFmpeg exports quantisers in an unknown layout')
    header = np.frombuffer(data, _HEADER, 1)[0]
    count, offset, size, kind = (int(header[name]) for name in ('blocks', 'offset', 'size', 'type'))
    if size != _PARAMETERS.itemsize or offset + count * size > len(data):
        raise ValueError('FFmpeg exports quantisers in an unknown layout')
    if kind not in _SCALES:
        raise ValueError('FFmpeg exports quantisers on a scale that is neither that of H.264 nor of MPEG-2')
    blocks = np.frombuffer(data, _PARAMETERS, count, offset)
    rows, columns = blocks['y'] // BLOCK, blocks['x'] // BLOCK
    shape = grid_shape(height, width, BLOCK)
    inside = (rows < shape[0]) & (columns < shape[1])
    values, valid = np.zeros(shape, np.int16), np.zeros(shape, np.bool_)
    values[rows[inside], columns[inside]] = header['quantiser'] + blocks['delta'][inside]
    valid[rows[inside], columns[inside]] = True
    return values, valid, _SCALES[kind]
