"""A strip below a picture with the frame, the reason for missing vectors, and the meaning of the colours."""

import numpy as np

from cmvl_mm.visualization.arrows import Picture
from cmvl_mm.visualization.legends import GAP, blank_strip, write_text
from cmvl_mm.visualization.letters import text_width


def captioned(picture: Picture, text: str, *, legend: Picture | None = None) -> Picture:
    """The picture with a strip of `STRIP` pixels below it.

    The strip holds the text on the left and the legend on the right. If there is not enough room, the text becomes
    smaller; then the legend is omitted, and then the end of the text.

    Args:
        picture: (H, W, 3) uint8, as shown.
        text: text about the frame; letters become capitals.
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
