"""FFmpeg's motion-vector records, and the fields that a grid needs, each as a contiguous array.

A record takes 40 bytes, so reading one field of many records reads the memory of all fields. Here that happens once.

Legend: m records.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RECORD = np.dtype(
    [
        ('source', '<i4'),
        ('w', 'u1'),
        ('h', 'u1'),
        ('src_x', '<i2'),
        ('src_y', '<i2'),
        ('dst_x', '<i2'),
        ('dst_y', '<i2'),
        ('flags', '<u8'),
        ('motion_x', '<i4'),
        ('motion_y', '<i4'),
        ('motion_scale', '<u2'),
    ],
    align=True,
)
"""FFmpeg's ``AVMotionVector``, 40 bytes with its padding.

``source`` below 0: the reference is of list 0, which is usually in the past; ``w``, ``h``, ``dst_x``, ``dst_y``: block
size and block centre in pixels; the block came from ``dst + motion / motion_scale``.
"""


def _offset(name: str) -> int:
    assert RECORD.fields is not None
    return RECORD.fields[name][1]


_PAIRS = np.dtype(
    {
        'names': ['size', 'centre', 'motion'],
        'formats': ['<u2', '<i4', '<i8'],
        'offsets': [_offset('w'), _offset('dst_x'), _offset('motion_x')],
        'itemsize': RECORD.itemsize,
    }
)
"""Two neighbouring fields as one number, so that they are copied and selected together."""


class Columns(NamedTuple):
    """Fields of m records; x and y of a pair are stored as one number."""

    past: npt.NDArray[np.bool_]
    """(m,) whether the reference is in list 0."""
    scale: npt.NDArray[np.uint16]
    """(m,) steps per pixel."""
    sizes: npt.NDArray[np.uint16]
    centres: npt.NDArray[np.int32]
    motions: npt.NDArray[np.int64]

    @property
    def width(self) -> npt.NDArray[np.int32]:
        """(m,) block width in pixels."""
        return (self.sizes & 255).astype(np.int32)

    @property
    def height(self) -> npt.NDArray[np.int32]:
        """(m,) block height in pixels."""
        return (self.sizes >> 8).astype(np.int32)

    @property
    def x(self) -> npt.NDArray[np.int32]:
        """(m,) x of the block centre in pixels."""
        return self.centres << 16 >> 16

    @property
    def y(self) -> npt.NDArray[np.int32]:
        """(m,) y of the block centre in pixels."""
        return self.centres >> 16

    @property
    def motion(self) -> npt.NDArray[np.int32]:
        """(m, 2) displacement to the source, in steps."""
        return self.motions.view('<i4').reshape(-1, 2)

    def of(self, chosen: npt.NDArray[np.intp]) -> 'Columns':
        """The records with these numbers."""
        past, scale, sizes, centres, motions = self
        return Columns(
            past.take(chosen), scale.take(chosen), sizes.take(chosen), centres.take(chosen), motions.take(chosen)
        )


def columns_of(records: npt.NDArray[np.void]) -> Columns:
    """Columns of records of type `RECORD`."""
    pairs = records.view(_PAIRS)
    size, centre, motion = (np.ascontiguousarray(pairs[name]) for name in ('size', 'centre', 'motion'))
    return Columns(records['source'] < 0, np.ascontiguousarray(records['motion_scale']), size, centre, motion)
