"""How to show a decoded picture: its orientation and the shape of its pixels."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from cmvl_mm.video.side_data import display_matrix

_TOLERANCE = 0.01  # share of the matrix's largest entry: rounding by writers


class Orientation(NamedTuple):
    """One of the eight orientations of a rectangle: it is transposed first, then flipped."""

    transposed: bool = False
    """Whether rows and columns are swapped."""
    upside_down: bool = False
    """Whether the order of the rows is reversed."""
    mirrored: bool = False
    """Whether the order of the columns is reversed."""

    def upright(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Turn a picture, (H, W, C), from its coded into its shown orientation."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        return picture[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]


UPRIGHT = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """The orientation in the display matrix of the container or the stream; upright if there is none.

    Raises:
        ValueError: the matrix is none of the eight orientations.
    """
    matrix = display_matrix(frame)
    return UPRIGHT if matrix is None else orientation(np.frombuffer(matrix, np.int32))


def orientation(matrix: npt.NDArray[np.int32]) -> Orientation:
    """The orientation that a display matrix states.

    Args:
        matrix: (9,) fixed-point a, b, u, c, d, v, x, y, w of ISO/IEC 14496-12, 6.2.2: a pixel (p, q) is shown at
            (a p + c q + x, b p + d q + y).

    Raises:
        ValueError: the matrix turns by an angle that is not a multiple of 90 degrees, or stretches, shears or flattens.
    """
    a, b, u, c, d, v = [int(value) for value in matrix[:6]]
    largest = max(abs(a), abs(b), abs(c), abs(d))
    near = _TOLERANCE * largest
    straight = max(abs(b), abs(c)) <= near and abs(abs(a) - abs(d)) <= near
    transposed = max(abs(a), abs(d)) <= near and abs(abs(b) - abs(c)) <= near
    if not largest or u or v or not (straight or transposed):
        entries = ', '.join(f'{value / 65536:.3g}' for value in (a, b, c, d))
        raise ValueError(
            f'the display matrix ({entries}) is neither a turn by a multiple of 90 degrees nor a mirror image'
        )
    if transposed:
        return Orientation(True, upside_down=b < 0, mirrored=c < 0)
    return Orientation(False, upside_down=d < 0, mirrored=a < 0)


def display_size(width: int, height: int, pixel_shape: Fraction | None, orientation: Orientation) -> tuple[int, int]:
    """(width, height) of the upright picture with square pixels; only the coded width is scaled.

    Args:
        width: coded width in pixels.
        height: coded height in pixels.
        pixel_shape: width : height of a coded pixel, the "sample aspect ratio"; None if none is stated.
        orientation: orientation in which the picture is shown.
    """
    wide = max(1, round(width * pixel_shape)) if pixel_shape else width
    return (height, wide) if orientation.transposed else (wide, height)
