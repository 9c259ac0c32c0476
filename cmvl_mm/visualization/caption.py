"""A strip below a picture: which frame it is, why it has no vectors, and what its colours mean."""

import numpy as np

from cmvl_mm.visualization.arrows import Picture
from cmvl_mm.visualization.legends import GAP, blank_strip, write_text
from cmvl_mm.visualization.letters import text_width


def captioned(picture: Picture, text: str, *, legend: Picture | None = None) -> Picture:
    """The picture with a strip of `STRIP` pixels below it.

    The strip holds the text at left, and at right the legend. Where there is no room, the text is written smaller; then
    the legend is left out, and then the end of the text.

    Args:
        picture: (H, W, 3) uint8, as shown.
        text: of the frame; letters become capitals.
        legend: (STRIP, w, 3) uint8; see `cmvl_mm.visualization.legends`.

    Returns:
        (H + STRIP, W, 3) uint8.
    """
    width = picture.shape[1]
    strip = blank_strip(width)
    taken = 0 if legend is None else legend.shape[1] + GAP
    size = 2 if text_width(text, 2) + GAP + taken <= width else 1
    if taken and text_width(text, size) + GAP + taken > width:
        taken, size = 0, 2 if text_width(text, 2) + GAP <= width else 1
    write_text(strip, text, GAP, size)
    if taken and legend is not None:
        strip[:, width - legend.shape[1] :] = legend
    return np.concatenate([picture, strip])
