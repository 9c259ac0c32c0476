"""Photometric augmentation of a clip: one draw per clip, the same for all its frames.

The same input gives the same bytes with every release of OpenCV and on every processor: OpenCV is called only where it
computes in integers or rounds once, regardless of a pixel's position in its row (tests/datasets/test_every_opencv.py).
"""

from typing import NamedTuple

import cv2
import numpy as np

from .hue import turn_hue

COLOUR_NUMBERS = 10
"""Length of an encoded draw."""
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class ColourDraw(NamedTuple):
    """Parameters of the colour augmentation of one clip; `None` skips a step."""

    blur_sigma: float | None  # pixels
    brightness: float | None  # factor
    contrast: float | None  # factor
    saturation: float | None  # factor
    hue: float | None  # share of a full turn, -0.5 ... 0.5
    order: tuple[int, ...]  # of brightness, contrast, saturation, hue
    gray: bool


def draw_colour(
    rng: np.random.Generator,
    *,
    blur_prob: float,
    blur_sigma: tuple[float, float],
    jitter_prob: float,
    brightness: float,
    contrast: float,
    saturation: float,
    hue: float,
    gray_prob: float,
) -> ColourDraw:
    """Draw the parameters of one clip. The number of random draws is fixed, so one setting never shifts the others."""
    blur, sigma = rng.random() < blur_prob, rng.uniform(*blur_sigma)
    jitter = rng.random() < jitter_prob
    factors = [float(rng.uniform(max(0.0, 1 - reach), 1 + reach)) for reach in (brightness, contrast, saturation)]
    turn = float(rng.uniform(-hue, hue))
    order = tuple(int(step) for step in rng.permutation(4))
    gray = bool(rng.random() < gray_prob)
    if not jitter:
        return ColourDraw(float(sigma) if blur else None, None, None, None, None, order, gray)
    return ColourDraw(
        float(sigma) if blur else None,
        factors[0] if brightness else None,
        factors[1] if contrast else None,
        factors[2] if saturation else None,
        turn if hue else None,
        order,
        gray,
    )


def encode_colour(draw: ColourDraw) -> np.ndarray:
    """A draw as numbers that stack to a batch, for `augment_batch.recolour`.

    Returns:
        (10,) float32; NaN skips a step:

        | 0 | 1 | 2 | 3 | 4 | 5, 6, 7, 8 | 9 |
        |---|---|---|---|---|---|---|
        | blur_sigma | brightness | contrast | saturation | hue | places of 1 ... 4 in the order, from 0 | gray |
    """
    steps = [draw.blur_sigma, draw.brightness, draw.contrast, draw.saturation, draw.hue]
    numbers = [np.nan if step is None else step for step in steps]
    return np.array([*numbers, *np.argsort(draw.order), draw.gray], dtype=np.float32)


def apply_colour(frames: np.ndarray, draw: ColourDraw) -> np.ndarray:
    """(n, H, W, 3) uint8 RGB -> the same shape: jitter in the drawn order, then gray, then blur.

    Every step treats the clip as one tall picture, by a table or a 3x3 matrix. This takes two fifths of the time of
    floating-point arithmetic.
    """
    for step in draw.order:
        if step == 0 and draw.brightness is not None:
            frames = cv2.convertScaleAbs(_tall(frames), alpha=draw.brightness).reshape(frames.shape)
        elif step == 1 and draw.contrast is not None:
            frames = _contrast(frames, draw.contrast)
        elif step == 2 and draw.saturation is not None:
            frames = _mix_channels(frames, draw.saturation)
        elif step == 3 and draw.hue is not None:
            frames = turn_hue(_tall(frames), draw.hue).reshape(frames.shape)
    if draw.gray:
        frames = _mix_channels(frames, 0.0)
    if draw.blur_sigma is not None:
        frames = np.stack([cv2.GaussianBlur(frame, (0, 0), draw.blur_sigma) for frame in frames])
    return frames


def _contrast(frames: np.ndarray, factor: float) -> np.ndarray:
    """Blend each frame with its own mean luma: factor * value + (1 - factor) * mean, by a lookup table."""
    means = np.array([_mean_luma(frame) for frame in frames])
    shifts = (means * (1 - factor)).astype(np.float32)
    mixed = np.arange(256, dtype=np.float32) * np.float32(factor) + shifts[:, None]
    tables = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    out = np.empty_like(frames)
    for frame, table, blended in zip(frames, tables, out, strict=True):
        cv2.LUT(frame, table, blended)
    return out


def _mean_luma(frame: np.ndarray) -> int:
    """Mean luma, rounded to a level. Summed explicitly: a library's dot product may or may not fuse its operations."""
    red, green, blue = (mean * float(share) for mean, share in zip(cv2.mean(frame), LUMA, strict=False))
    return round(red + green + blue)


def _mix_channels(frames: np.ndarray, saturation: float) -> np.ndarray:
    """Blend each pixel with its luma; saturation 0 is gray."""
    matrix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * LUMA  # every row: luma and its own channel
    return cv2.transform(_tall(frames), matrix).reshape(frames.shape)


def _tall(frames: np.ndarray) -> np.ndarray:
    """(..., W, 3) -> (rows, W, 3): one tall picture of all frames, as OpenCV processes one picture at a time."""
    return frames.reshape(-1, frames.shape[-2], 3)
