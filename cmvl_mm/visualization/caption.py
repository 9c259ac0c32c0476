"""A strip below a picture of vectors: which frame it is, why it has none, and what colours and lengths mean."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.display import UPRIGHT, Orientation
from cmvl_mm.visualization.arrows import direction_colours
from cmvl_mm.visualization.letters import HEIGHT, text_dots, text_width

Picture = npt.NDArray[np.uint8]

STRIP = 24  # px
_LIGHT, _GROUND = 220, 24
_REFERENCE = 10  # px of the source: the length of the legend's arrow
_GAP = 6  # px


def captioned(
    picture: Picture, text: str, *, scale: int, orientation: Orientation = UPRIGHT, legend: bool = True
) -> Picture:
    """The picture with a strip of `STRIP` pixels below it.

    The strip holds the text at left, and at right a circle of the directions' colours and a bar as long as a movement
    of 10 px of the source. Where there is no room, the legend is left out, and then the end of the text.

    Args:
        picture: (H, W, 3) uint8, as shown.
        text: of the frame; letters become capitals.
        scale: pixels of the picture for one of the source.
        orientation: how the source was turned, so that the circle's colours stand for directions as shown.
        legend: whether colours stand for directions.

    Returns:
        (H + STRIP, W, 3) uint8.
    """
    width = picture.shape[1]
    strip = np.full((STRIP, width, 3), _GROUND, np.uint8)
    size = 2 if text_width(text, 2) + _GAP <= width else 1
    _write(strip, text, _GAP, size)
    if legend:
        drawn = _legend(scale, orientation)
        left = width - drawn.shape[1]
        if left >= text_width(text, size) + 2 * _GAP:
            strip[:, left:] = drawn
    return np.concatenate([picture, strip])


def _legend(scale: int, orientation: Orientation) -> Picture:
    """(STRIP, w, 3)."""
    length = f'{_REFERENCE} PX'
    bar = _REFERENCE * scale
    width = STRIP + bar + text_width(length, 1) + 4 * _GAP
    legend = np.full((STRIP, width, 3), _GROUND, np.uint8)
    middle = STRIP // 2
    legend[middle - 1 : middle + 1, _GAP : _GAP + bar] = _LIGHT
    for end in (_GAP, _GAP + bar - 2):
        legend[middle - 4 : middle + 4, end : end + 2] = _LIGHT
    _write(legend, length, bar + 2 * _GAP, 1)
    legend[:, -STRIP - _GAP : -_GAP] = orientation.upright(_wheel(STRIP))
    return legend


def _wheel(edge: int) -> Picture:
    """A disc: the colour at each point is that of the direction from the middle to it."""
    y, x = np.mgrid[:edge, :edge] - (edge - 1) / 2
    colours = direction_colours(np.stack([x.ravel(), y.ravel()], axis=-1)).reshape(edge, edge, 3)
    outside = np.hypot(x, y) > edge / 2 - 1
    colours[outside] = _GROUND
    return colours


def _write(strip: Picture, text: str, left: int, size: int) -> None:
    dots = text_dots(text).repeat(size, axis=0).repeat(size, axis=1)[:, : max(strip.shape[1] - left, 0)]
    top = (STRIP - HEIGHT * size) // 2
    strip[top : top + len(dots), left : left + dots.shape[1]][dots] = _LIGHT
