"""Videos with exactly known motion: a pan, a zoom, and an object that moves over a still background.

All use one kind of texture, a sum of plane waves, which has an exact value at every real-valued point: sub-pixel
motion is exact too, and nothing is ever resampled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import SettingFault, finite, two_of, whole

_XY = '(dx, dy)'
_WAVES = 48
_SHORTEST, _LONGEST = 7.0, 90.0  # px: shorter waves do not survive the encoder, longer ones show no motion


@dataclass(frozen=True)
class SyntheticVideo:
    """Frames and their true motion.  T frames of H x W pixels."""

    frames: npt.NDArray[np.uint8]
    """(T, H, W, 3) RGB."""
    displacement: npt.NDArray[np.float32]
    """(T, H, W, 2): (dx, dy) in pixels, dst - src: displacement of the content at this pixel since the previous
    frame; +x right, +y down; 0 for the first frame."""


class _Texture:
    """A colour texture on the real plane; the same seed gives the same texture."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        wavelength = np.exp(rng.uniform(np.log(_SHORTEST), np.log(_LONGEST), _WAVES))
        angle = rng.uniform(0, np.pi, _WAVES)
        self.kx = 2 * np.pi / wavelength * np.cos(angle)
        self.ky = 2 * np.pi / wavelength * np.sin(angle)
        phase = np.exp(2j * np.pi * rng.uniform(size=_WAVES))
        # Brightness carries most of the contrast, as encoders search motion only in brightness.
        colour = 1 + 0.5 * rng.standard_normal((3, _WAVES))
        self.amplitude = phase * colour * np.sqrt(wavelength) / np.sqrt((wavelength).sum())  # (3, waves)

    def at(self, x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
        """RGB (len(y), len(x), 3) on the grid that columns ``x`` and rows ``y``, in pixels, span."""
        rows = np.exp(1j * np.outer(y, self.ky))
        columns = np.exp(1j * np.outer(self.kx, x))
        value = np.stack([((rows * channel) @ columns).real for channel in self.amplitude], axis=-1)
        return np.clip(128 + 70 * value, 0, 255).astype(np.uint8)


def _counts(num_frames: int, height: int, width: int, seed: int) -> tuple[int, int, int, int]:
    """All arguments as ints; raises ValueError."""
    counts = dict(num_frames=num_frames, height=height, width=width)
    return *(whole(name, count, least=1) for name, count in counts.items()), whole('seed', seed, least=0)  # type: ignore[return-value]


def make_pan(
    *, displacement: Sequence[float], num_frames: int = 24, height: int = 128, width: int = 160, seed: int = 0
) -> SyntheticVideo:
    """All content moves by ``displacement`` = (dx, dy) px per frame.

    Raises:
        ValueError: a number is out of range.
    """
    num_frames, height, width, seed = _counts(num_frames, height, width, seed)
    displacement = dx, dy = [finite('each of displacement', step) for step in two_of('displacement', displacement, _XY)]
    texture = _Texture(seed)
    frames = [texture.at(np.arange(width) - t * dx, np.arange(height) - t * dy) for t in range(num_frames)]
    truth = np.zeros((num_frames, height, width, 2), np.float32)
    truth[1:] = displacement
    return SyntheticVideo(frames=np.stack(frames), displacement=truth)


def make_zoom(
    *, rate: float, num_frames: int = 24, height: int = 128, width: int = 160, seed: int = 0
) -> SyntheticVideo:
    """Content grows (``rate`` above 1) or shrinks (below 1) by that factor per frame, about the middle.

    Raises:
        ValueError: a number is out of range.
    """
    num_frames, height, width, seed = _counts(num_frames, height, width, seed)
    if finite('rate', rate) <= 0:
        raise SettingFault(f'rate is {rate}', 'Give a rate above 0')
    texture = _Texture(seed)
    x, y = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    frames = [texture.at(x / rate**t, y / rate**t) for t in range(num_frames)]
    truth = np.zeros((num_frames, height, width, 2), np.float32)
    truth[1:, ..., 0] = x * (1 - 1 / rate)
    truth[1:, ..., 1] = y[:, None] * (1 - 1 / rate)
    return SyntheticVideo(frames=np.stack(frames), displacement=truth)


def make_moving_object(
    *,
    displacement: Sequence[int],
    num_frames: int = 24,
    height: int = 128,
    width: int = 160,
    size: int = 48,
    seed: int = 0,
) -> SyntheticVideo:
    """A textured square of ``size`` px moves by ``displacement`` = (dx, dy) whole px per frame over a still
    texture.

    It passes the middle of the frame half-way through the video.

    Raises:
        ValueError: a number is out of range.
    """
    num_frames, height, width, seed = _counts(num_frames, height, width, seed)
    size = whole('size', size, least=1)
    displacement = [whole('each of displacement', step) for step in two_of('displacement', displacement, _XY)]
    background = _Texture(seed).at(np.arange(width, dtype=float), np.arange(height, dtype=float))
    patch = _Texture(seed + 1).at(np.arange(size, dtype=float), np.arange(size, dtype=float))
    frames = np.repeat(background[None], num_frames, axis=0)
    truth = np.zeros((num_frames, height, width, 2), np.float32)
    for t in range(num_frames):
        left = (width - size) // 2 + (t - num_frames // 2) * displacement[0]
        top = (height - size) // 2 + (t - num_frames // 2) * displacement[1]
        rows = slice(min(max(top, 0), height), max(min(top + size, height), 0))
        columns = slice(min(max(left, 0), width), max(min(left + size, width), 0))
        part = patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        frames[t, rows, columns] = part
        if t:
            truth[t, rows, columns] = displacement
    return SyntheticVideo(frames=frames, displacement=truth)
