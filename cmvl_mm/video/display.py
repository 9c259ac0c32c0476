"""How a decoded picture is meant to be shown: its orientation, and the shape of its pixels."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from cmvl_mm.video.side_data import display_matrix

_TOLERANCE = 0.01  # of the matrix's largest entry: what writers round


class Orientation(NamedTuple):
    """One of the eight ways to lay a rectangle on its frame: transposed first, then flipped."""

    transposed: bool = False
    """Rows and columns change places."""
    upside_down: bool = False
    """The order of the rows is reversed."""
    mirrored: bool = False
    """The order of the columns is reversed."""

    def upright(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """(H, W, C) as decoded -> as shown."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        return picture[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]


UPRIGHT = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """What the display matrix says, of the container or of the stream; upright where there is none.

    Raises:
        ValueError: it is none of the eight orientations.
    """
    matrix = display_matrix(frame)
    return UPRIGHT if matrix is None else orientation(np.frombuffer(matrix, np.int32))


def orientation(matrix: npt.NDArray[np.int32]) -> Orientation:
    """The orientation in a display matrix.

    Args:
        matrix: (9,) fixed-point a, b, u, c, d, v, x, y, w of ISO/IEC 14496-12, 6.2.2: a pixel (p, q) is shown at
            (a p + c q + x, b p + d q + y).

    Raises:
        ValueError: it turns by another angle than a multiple of 90 degrees, or stretches, shears or flattens.
    """
    a, b, u, c, d, v = [int(value) for value in matrix[:6]]
    largest = max(abs(a), abs(b), abs(c), abs(d))
    near = _TOLERANCE * largest
    straight = max(abs(b), abs(c)) <= near and abs(abs(a) - abs(d)) <= near
    transposed = max(abs(a), abs(d)) <= near and abs(abs(b) - abs(c)) <= near
    if not largest or u or v or not (straight or transposed):
        entries = ', '.join(f'{value / 65536:.3g}' for value in (a, b, c, d))
        raise ValueError(f'the display matrix ({entries}) is no turn by 90, 180 or 270 degrees and no mirror image')
    if transposed:
        return Orientation(True, upside_down=b < 0, mirrored=c < 0)
    return Orientation(False, upside_down=d < 0, mirrored=a < 0)


def display_size(width: int, height: int, pixel_shape: Fraction | None, orientation: Orientation) -> tuple[int, int]:
    """(width, height) of the upright picture with square pixels: the width as coded is stretched or shrunk.

    Args:
        width: as coded, pixels.
        height: as coded, pixels.
        pixel_shape: width : height of a pixel as coded, the "sample aspect ratio"; None where none is stated.
        orientation: as shown.
    """
    wide = max(1, round(width * pixel_shape)) if pixel_shape else width
    return (height, wide) if orientation.transposed else (wide, height)
