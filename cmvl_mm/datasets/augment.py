"""Photometric augmentation of a clip: one draw per clip, the same for all its frames."""

from typing import NamedTuple

import cv2
import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class ColourDraw(NamedTuple):
    """What happens to the colours of one clip; `None` leaves a step out."""

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
    """One clip's draw. The number of draws is always the same, so that one setting never shifts the others."""
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


def apply_colour(frames: np.ndarray, draw: ColourDraw) -> np.ndarray:
    """(n, H, W, 3) uint8 RGB -> the same shape: jitter in the drawn order, then gray, then blur."""
    for step in draw.order:
        if step == 0 and draw.brightness is not None:
            frames = _blend(frames, 0.0, draw.brightness)
        elif step == 1 and draw.contrast is not None:
            mean = (frames.mean(axis=(1, 2), dtype=np.float32) @ _LUMA).round()  # (n,): each frame's own
            frames = _blend(frames, mean[:, None, None, None], draw.contrast)
        elif step == 2 and draw.saturation is not None:
            frames = _blend(frames, _luma(frames), draw.saturation)
        elif step == 3 and draw.hue is not None:
            frames = _turn_hue(frames, draw.hue)
    if draw.gray:
        frames = np.broadcast_to(_luma(frames).round().astype(np.uint8), frames.shape).copy()
    if draw.blur_sigma is not None:
        frames = np.stack([cv2.GaussianBlur(frame, (0, 0), draw.blur_sigma) for frame in frames])
    return frames


def _blend(frames: np.ndarray, other: np.ndarray | float, factor: float) -> np.ndarray:
    """factor * frames + (1 - factor) * other, rounded and kept within uint8."""
    mixed = frames.astype(np.float32)
    mixed *= np.float32(factor)
    mixed += other * np.float32(1 - factor)
    np.rint(mixed, out=mixed)
    return np.clip(mixed, 0, 255, out=mixed).astype(np.uint8)


def _luma(frames: np.ndarray) -> np.ndarray:
    """(n, H, W, 3) uint8 -> (n, H, W, 1) float32."""
    return (frames.astype(np.float32) @ _LUMA)[..., None]


def _turn_hue(frames: np.ndarray, turn: float) -> np.ndarray:
    """Turn the hue by `turn` of a full circle, in steps of two degrees (OpenCV's uint8 HSV)."""
    tall = frames.reshape(-1, frames.shape[2], 3)  # OpenCV converts one picture at a time; a stack is a tall picture
    hsv = cv2.cvtColor(tall, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + round(turn * 180)) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).reshape(frames.shape)
