"""Motion vectors of a video on a regular grid of blocks.

Legend: n frames, Hb = ceil(height / block), Wb = ceil(width / block).  A vector is ``dst - src``: where the
block's content moved since its reference picture, in quarter pixels, +x right and +y down.  The reference is displayed
before the frame, or, in a field of vectors to the future, after it; not always by one frame.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import NO_DISTANCE
from cmvl_mm.video.checks import whole

QUARTERS = 4  # steps of a vector per pixel
_WHOLE_MACROBLOCKS = {'mpeg1video', 'h261'}  # one vector for each 16x16 px, and no smaller blocks


@dataclass(frozen=True)
class MotionField:
    """Motion vectors of n frames on a grid of ``block`` x ``block`` pixels."""

    vectors: npt.NDArray[np.int16]
    """(n, Hb, Wb, 2): (dx, dy) in quarter pixels, dst - src; 0 where there is no vector."""
    valid: npt.NDArray[np.bool_]
    """(n, Hb, Wb): False where the block has no vector of this direction, or none that FFmpeg really provides."""
    block: int
    """Edge of a grid cell in pixels."""
    missing: tuple[str | None, ...] = ()
    """(n,): why a whole frame has no vectors (an I-frame, a codec's B-frame, ...); None where it has some."""

    distance: tuple[int | None, ...] = ()
    """(n,): display index of the frame less that of the picture that all its vectors refer to: above 0 for the past.

    None where there are several such pictures or it is not known which one, and wherever it was not asked for.
    """

    def per_frame(self) -> 'MotionField':
        """Vectors divided by ``distance``, rounded to quarter pixels: motion from one frame to the next.

        So vectors to the future change their sign. Frames whose distance is None become invalid, and say so.
        """
        vectors, valid, missing = self.vectors.copy(), self.valid.copy(), list(self.missing)
        for row, distance in enumerate(self.distance):
            if distance:
                vectors[row] = np.rint(vectors[row] / distance)
            else:
                vectors[row], valid[row] = 0, False
                missing[row] = missing[row] or NO_DISTANCE
        return replace(self, vectors=vectors, valid=valid, missing=tuple(missing))

    def __post_init__(self) -> None:
        vectors, valid = np.shape(self.vectors), np.shape(self.valid)
        if vectors != (*valid, 2) or len(valid) != 3:
            raise ValueError(f'vectors {vectors} and valid {valid} must be (n, Hb, Wb, 2) and (n, Hb, Wb)')
        if self.valid.dtype != np.bool_:
            raise ValueError(f'valid is of {self.valid.dtype}. Give an array of bool.')
        object.__setattr__(self, 'block', whole('block', self.block, least=1))
        distances = (None if step is None else whole('a distance', step) for step in self.distance)
        object.__setattr__(self, 'distance', tuple(distances))
        for name, what in (('missing', 'reasons'), ('distance', 'distances')):
            if not getattr(self, name):
                object.__setattr__(self, name, (None,) * len(self.valid))
            count = len(getattr(self, name))
            if count != len(self.valid):
                raise ValueError(f'{count} {what} for {len(self.valid)} frames')


def default_block(codec: str, is_prepared: bool) -> int:
    """The largest of 16 and 8 px at which a grid loses nothing of a codec's blocks, save for H.264's smallest.

    Args:
        codec: FFmpeg's name of the format.
        is_prepared: whether `cmvl prepare` wrote the file; other MPEG-4 may halve its macroblocks.
    """
    return 16 if is_prepared or codec in _WHOLE_MACROBLOCKS else 8


def grid_shape(height: int, width: int, block: int) -> tuple[int, int]:
    """(Hb, Wb): the number of ``block``-pixel cells that cover a frame, the last of them perhaps in part."""
    return -(-height // block), -(-width // block)
