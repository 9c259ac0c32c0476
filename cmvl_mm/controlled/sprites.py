"""The moving objects of a controlled video: plain bright discs, discs with a spot, and textured objects."""

import numpy as np
import numpy.typing as npt

from cmvl_mm.controlled.patterns import Array, colour, draw_mask, draw_noise, mix

_TEXELS = 64
_RADIUS = 0.95  # of half the picture: a transparent rim surrounds the object
_SPOT_RADIUS, _SPOT_DISTANCE = 0.41, 0.5  # of a disc's half: 13 px wide, 9 px from the centre of a disc of 36 px

_COARSE = (
    1.6,
    2.4,
)  # an object is about half as wide as its picture: finer textures would give the search false matches


class Sprite:
    """A picture with soft edges that can be painted over a frame at any position and size."""

    def __init__(self, look: Array, opacity: Array) -> None:
        """``look`` (64, 64, 3), 0 to 255; ``opacity`` (64, 64, 1), 0 to 1."""
        # Colours are multiplied by opacity, so that the rim blends with the frame; a transparent texel surrounds all.
        sprite = np.concatenate([look * opacity, opacity], axis=-1).astype(np.float32)
        self._sprite = np.pad(sprite, ((1, 1), (1, 1), (0, 0)))

    def paint(self, frame: Array, centre: npt.NDArray[np.float64], diameter: float) -> None:
        """Paint the sprite over ``frame`` (height, width, 3) in place; parts outside are cut off."""
        x0, left, right = self._resampling(centre[0], diameter, frame.shape[1])
        y0, above, below = self._resampling(centre[1], diameter, frame.shape[0])
        if not len(left) or not len(above):
            return
        # Reads and blends two texels per pixel and axis: matrices of weights would start every BLAS thread.
        lines = mix(self._sprite[above], self._sprite[above + 1], below[:, None, None])  # (h, texels, 4)
        patch = mix(lines[:, left], lines[:, left + 1], right[None, :, None])  # (h, w, 4)
        under = frame[y0 : y0 + len(above), x0 : x0 + len(left)]
        under *= 1 - patch[..., 3:]
        under += patch[..., :3]

    def _resampling(
        self, centre: float, diameter: float, side: int
    ) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Along one axis: the sprite's first pixel; for each pixel the texel before it and the weight of the next."""
        first = max(0, int(np.ceil(centre - diameter / 2)))
        last = min(side - 1, int(np.floor(centre + diameter / 2)))
        pixels = np.arange(first, last + 1)
        texels = (pixels - centre) * (_TEXELS / diameter) + (_TEXELS - 1) / 2 + 1
        before = np.floor(texels).astype(np.int64)
        return first, before, (texels - before).astype(np.float32)


def draw_disc(rng: np.random.Generator, spot: tuple[int, int] | None = None) -> Sprite:
    """A bright, nearly white disc with soft blotches; blotches and a faint hue differ between videos.

    Args:
        rng: draws blotches and hue, independent of the spot.
        spot: the direction (x, y), of length 1, from the centre to a dark round spot; None for no spot.
    """
    blotch = np.clip(0.5 + 0.35 * draw_noise((_TEXELS, _TEXELS), 3.5, rng), 0, 1)[..., None]
    hue = rng.uniform()
    look = blotch * colour(hue, 0.05, 1.0) + (1 - blotch) * colour(hue, 0.05, 0.72)
    if spot is not None:
        look *= 1 - 0.92 * _round(_SPOT_RADIUS, _SPOT_DISTANCE * spot[0], _SPOT_DISTANCE * spot[1])
    return Sprite(look, _round(_RADIUS))


def draw_object(rng: np.random.Generator, family: str, shape: str) -> Sprite:
    """A 'disc' or a 'square' with a texture of ``family`` in two random colours, one of them bright."""
    mask = draw_mask(family, (_TEXELS, _TEXELS), rng, _COARSE)[..., None]
    hue = rng.uniform()
    bright = colour(hue, rng.uniform(0.1, 0.6), rng.uniform(0.85, 1.0))
    dull = colour(hue + rng.uniform(-0.3, 0.3), rng.uniform(0.3, 0.9), rng.uniform(0.4, 0.6))
    look = mask * bright + (1 - mask) * dull
    look += rng.uniform(10, 14) * draw_noise((_TEXELS, _TEXELS), 2.5, rng)[..., None]
    opacity = _round(_RADIUS) if shape == 'disc' else _square(_RADIUS)
    return Sprite(np.clip(look, 0, 255), opacity)


def _round(radius: float, x0: float = 0, y0: float = 0) -> Array:
    """(64, 64, 1): 1 inside a circle around (x0, y0), 0 outside, with a soft edge; the sprite spans -1 to 1."""
    x, y = _axes()
    return np.clip((radius - np.hypot(x - x0, y - y0)) * _TEXELS / 4, 0, 1)[..., None]


def _square(half: float) -> Array:
    x, y = _axes()
    return np.clip((half - np.maximum(np.abs(x), np.abs(y))) * _TEXELS / 4, 0, 1)[..., None]


def _axes() -> tuple[Array, Array]:
    half = (_TEXELS - 1) / 2
    y, x = (np.mgrid[:_TEXELS, :_TEXELS] - half) / half
    return x, y
