"""Legends of the colours and lengths of a picture, for the strip below it."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.display import UPRIGHT, Orientation
from cmvl_mm.visualization.arrows import Picture, direction_colours
from cmvl_mm.visualization.letters import HEIGHT, text_dots, text_width

STRIP = 24  # px
GAP = 6  # px
_LIGHT, _GROUND = 220, 24
_REFERENCE = 10  # px of the source: the length of the bar
_RAMP = 48  # px


def blank_strip(width: int) -> Picture:
    """An empty strip (STRIP, width, 3)."""
    return np.full((STRIP, width, 3), _GROUND, np.uint8)


def write_text(strip: Picture, text: str, left: int, size: int) -> None:
    """Write text on a strip; text beyond its right edge is omitted."""
    dots = text_dots(text).repeat(size, axis=0).repeat(size, axis=1)[:, : max(strip.shape[1] - left, 0)]
    top = (STRIP - HEIGHT * size) // 2
    strip[top : top + len(dots), left : left + dots.shape[1]][dots] = _LIGHT


def legend_of_directions(scale: int, orientation: Orientation = UPRIGHT) -> Picture:
    """(STRIP, w, 3): a bar as long as a movement of 10 px in the source, and a circle of the directions' colours.

    Args:
        scale: pixels of the picture per pixel of the source.
        orientation: rotation of the source, so that the circle's colours show directions on the screen.
    """
    length = f'{_REFERENCE} PX'
    bar = _REFERENCE * scale
    legend = blank_strip(STRIP + bar + text_width(length, 1) + 4 * GAP)
    middle = STRIP // 2
    legend[middle - 1 : middle + 1, GAP : GAP + bar] = _LIGHT
    for end in (GAP, GAP + bar - 2):
        legend[middle - 4 : middle + 4, end : end + 2] = _LIGHT
    write_text(legend, length, bar + 2 * GAP, 1)
    legend[:, -STRIP - GAP : -GAP] = orientation.upright(_wheel(STRIP))
    return legend


def legend_of_values(colours: npt.NDArray[np.floating], lowest: str, highest: str) -> Picture:
    """(STRIP, w, 3): a colour ramp between the labels of its ends.

    Args:
        colours: (k, 3), from the lowest value to the highest, 0 to 255.
    """
    ends = [text_width(text, 1) for text in (lowest, highest)]
    legend = blank_strip(sum(ends) + _RAMP + 4 * GAP)
    write_text(legend, lowest, GAP, 1)
    left = ends[0] + 2 * GAP
    legend[GAP:-GAP, left : left + _RAMP] = colours[np.arange(_RAMP) * len(colours) // _RAMP]
    write_text(legend, highest, left + _RAMP + GAP, 1)
    return legend


def _wheel(edge: int) -> Picture:
    """A disc; each point has the colour of the direction from the middle to it."""
    y, x = np.mgrid[:edge, :edge] - (edge - 1) / 2
    colours = direction_colours(np.stack([x.ravel(), y.ravel()], axis=-1)).reshape(edge, edge, 3)
    outside = np.hypot(x, y) > edge / 2 - 1
    colours[outside] = _GROUND
    return colours
