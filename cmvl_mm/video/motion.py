"""Motion vectors of a video on a regular grid of blocks.

Legend: n frames, Hb = ceil(height / block), Wb = ceil(width / block).  A vector is ``dst - src``: where the
block's content moved since its reference picture, in quarter pixels, +x right and +y down.  The reference is displayed
before the frame, or, in a field of vectors to the future, after it; not always by one frame.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.bitstream.claims import NO_DISTANCE
from cmvl_mm.video.checks import SettingFault, shown, whole

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
    """(n,): why a whole frame has no vectors (an I-frame, a codec's B-frame, ...); None if it has some."""

    distance: tuple[int | None, ...] | None = None
    """(n,): display index of the frame minus that of the picture that all its vectors refer to; above 0 for the past.

    None for a frame with several such pictures or an unknown one. None for the whole field if distances were not
    requested; ``directions='both'`` requests them.
    """

    def per_frame(self) -> 'MotionField':
        """Vectors divided by ``distance``, rounded to quarter pixels: the motion from one frame to the next.

        So vectors to the future change their sign. Frames whose distance is None become invalid, with a reason in
        ``missing``.

        Raises:
            ValueError: the field was read without distances.
        """
        if self.distance is None:
            raise ValueError(
                "this field has no distances. Remedy: read it with directions='both' or normalise='per_frame'."
            )
        vectors, valid, missing = self.vectors.copy(), self.valid.copy(), list(self.missing)
        for row, distance in enumerate(self.distance):
            if distance is not None:
                vectors[row] = np.rint(vectors[row] / distance)
            else:
                vectors[row], valid[row] = 0, False
                missing[row] = missing[row] or NO_DISTANCE
        return replace(self, vectors=vectors, valid=valid, missing=tuple(missing))

    def __post_init__(self) -> None:
        vectors, valid = np.shape(self.vectors), np.shape(self.valid)
        if vectors != (*valid, 2) or len(valid) != 3:
            raise ValueError(f'vectors {vectors} and valid {valid} must be (n, Hb, Wb, 2) and (n, Hb, Wb)')
        for name, kind in (('valid', np.bool_), ('vectors', np.int16)):
            if getattr(self, name).dtype != kind:
                raise ValueError(
                    f'{name} has dtype {getattr(self, name).dtype}. Remedy: give an array of {kind.__name__}.'
                )
        object.__setattr__(self, 'block', whole('block', self.block, least=1))
        object.__setattr__(self, 'missing', self._each('missing', 'reasons', _reason) or (None,) * len(self.valid))
        if self.distance is not None:
            object.__setattr__(self, 'distance', self._each('distance', 'distances', _distance))

    def _each(self, name: str, what: str, check: Callable[[object], Any]) -> tuple[Any, ...]:
        """Check a field with one value per frame; an empty ``missing`` means no reason for any frame."""
        values = tuple(None if value is None else check(value) for value in getattr(self, name))
        if len(values) != len(self.valid) and (values or name != 'missing'):
            raise ValueError(f'{name}: {len(values)} {what} for {len(self.valid)} frames')
        return values


def _distance(value: object) -> int:
    number = whole('a distance', value)
    if not number:
        raise SettingFault('a distance is 0', 'Give frame minus reference, or None where the reference is unknown')
    return number


def _reason(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingFault(f'a reason in missing is {shown(value)}', 'Give a text, or None for a frame with vectors')
    return value


def default_block(codec: str, is_prepared: bool) -> int:
    """The larger of 16 and 8 px whose grid loses nothing of a codec's blocks, except for H.264's smallest blocks.

    Args:
        codec: FFmpeg's name of the codec.
        is_prepared: whether `cmvl prepare` wrote the file; other MPEG-4 files may split their macroblocks.
    """
    return 16 if is_prepared or codec in _WHOLE_MACROBLOCKS else 8


def grid_shape(height: int, width: int, block: int) -> tuple[int, int]:
    """(Hb, Wb): number of ``block``-pixel cells that cover a frame, the last of them possibly cut."""
    return -(-height // block), -(-width // block)
