"""Common parts of the levels of the controlled benchmark: frame, gentle pan, wrapping, and painting."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cmvl_mm.controlled.patterns import Background
from cmvl_mm.controlled.sprites import Sprite

HEIGHT, WIDTH = 112, 128  # px
Floats = npt.NDArray[np.float64]

PAN_AMPLITUDES = (4, 12)  # px
_PAN_SHARE = 0.15  # share of the videos with a gentle pan
_PAN_PERIODS = (90, 200)  # frames: at most about half a pixel per frame


def gentle_pan(rng: np.random.Generator, num_frames: int) -> Floats:
    """(T, 2): position of the frame's corner in the background, px; all 0 in most videos."""
    if rng.uniform() >= _PAN_SHARE:
        return np.zeros((num_frames, 2))
    amplitude = rng.uniform(*PAN_AMPLITUDES)
    direction, phase = rng.uniform(0, 2 * np.pi, 2)
    swing = amplitude * np.sin(2 * np.pi / rng.uniform(*_PAN_PERIODS) * np.arange(num_frames) + phase)
    return np.outer(swing, (np.cos(direction), np.sin(direction)))


def wrapped(centres: Floats, margin: float) -> Floats:
    """Wrap centres: an object more than ``margin`` px outside the frame returns as far outside the other side."""
    size = np.array([WIDTH, HEIGHT]) + 2 * margin
    return (centres + margin) % size - margin


def per_frame(positions: Floats) -> npt.NDArray[np.float32]:
    """Positions (T, ..., 2) px -> displacements (T, ..., 2) px per frame, 0 first."""
    return np.diff(positions, axis=0, prepend=positions[:1]).astype(np.float32)


def paint(
    background: Background, offsets: Floats, zoom: Floats, sprites: Sequence[Sprite], centres: Floats, diameters: Floats
) -> npt.NDArray[np.uint8]:
    """The frames, uint8 (T, H, W, 3) RGB.

    Args:
        background: the background of all frames.
        offsets: (T, 2) positions of the frame's corner in the background, px.
        zoom: (T,) zoom of the background.
        sprites: n sprites, the last on top.
        centres: (T, n, 2) centres of the sprites on the screen, px.
        diameters: (T, n) diameters on the screen, px.
    """
    frames = np.empty((len(offsets), HEIGHT, WIDTH, 3), np.uint8)
    for t in range(len(offsets)):
        frame = background.at(offsets[t], zoom[t])
        for sprite, centre, diameter in zip(sprites, centres[t], diameters[t], strict=True):
            sprite.paint(frame, centre, diameter)
        np.clip(frame, 0, 255, out=frame)
        frames[t] = frame
    return frames


def check_cell(context: str, motion: str, contexts: Sequence[str], motions: Sequence[str]) -> None:
    """Raise ValueError if there is no such pair."""
    if context not in contexts or motion not in motions:
        raise ValueError(f'no such cell: {context!r} x {motion!r}; contexts are {contexts}, motions are {motions}')
