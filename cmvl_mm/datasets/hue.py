"""Turn the hue of uint8 pictures by our own formula: the same on every release of OpenCV and every processor.

OpenCV's RGB -> HSV is integer arithmetic and is used here. Its HSV -> RGB is not used: it truncates in whole vectors of
pixels and rounds in the rest of each row, and the length of a vector depends on release and processor (seen: 16, 32
and 64 pixels with 4.10, 4.14, 5.0 and 5.1).

Each channel is V - ceil(V S w / 7650): V and S are value and saturation, 0 ... 255, and w / 30 is this channel's share
of the saturation's drop at its hue. OpenCV's whole vectors give the same result, except for one level in 0.7 % of all
(H, S, V), where its floats are just below a whole level.
"""

import cv2
import numpy as np

HUES = 180
"""Hues are steps of two degrees, as in OpenCV's uint8 HSV."""
SECTOR = 30
"""Steps from one primary or secondary colour to the next."""
FULL_DROP = 255 * SECTOR
CHANNEL_SHIFTS = (5 * SECTOR, 3 * SECTOR, SECTOR)
"""Shifts of red, green and blue: near its own hue a channel does not drop."""
TO_CEIL = 1 - 0.5 / FULL_DROP
"""Truncating x + TO_CEIL gives ceil(x) for multiples x of 1 / 7650 up to 255, also with float32's rounding."""


def turn_hue(picture: np.ndarray, turn: float) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> the same shape, its hue turned by `turn` of a full circle, in steps of two degrees."""
    return from_hsv(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV), round(turn * HUES))


def from_hsv(hsv: np.ndarray, steps: int = 0) -> np.ndarray:
    """(H, W, 3) uint8 HSV, hue in 0 ... 179 -> RGB of the same shape, after `steps` of two degrees."""
    hue, saturation, value = cv2.split(hsv)
    full = np.multiply(value, saturation, dtype=np.float32)
    drop = np.empty_like(full)
    channels = []
    for table in _shares(steps):
        cv2.LUT(hue, table, drop)
        np.multiply(drop, full, out=drop)
        np.add(drop, np.float32(TO_CEIL), out=drop)
        channels.append(value - drop.astype(np.uint8))
    return cv2.merge(channels)


def _shares(steps: int) -> np.ndarray:
    """(3, 256) float32: w / 7650 of each channel for each hue; hues above 179 do not occur."""
    hues = np.arange(256) + steps
    places = np.stack([(hues + shift) % HUES for shift in CHANNEL_SHIFTS])
    return (np.clip(np.minimum(places, 4 * SECTOR - places), 0, SECTOR) / FULL_DROP).astype(np.float32)
