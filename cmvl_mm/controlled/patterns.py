"""Textures of the controlled videos, in twelve families."""

import colorsys

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


class Background:
    """A still texture, ``pad`` px larger than the frame on every side, over which the frame may move."""

    def __init__(self, texture: Array, pad: int) -> None:
        self._texture = texture  # (height + 2 pad, width + 2 pad, 3), 0 to 255
        self._pad = pad

    def at(self, offset: npt.NDArray[np.float64], zoom: float = 1) -> Array:
        """The picture (height, width, 3) of the frame moved by ``offset`` = (x, y) px, whole or not, magnified by
        ``zoom``, at least 1, about its middle."""
        if zoom != 1:
            return self._magnified(offset, zoom)
        whole = np.floor(offset).astype(int)
        height, width = (side - 2 * self._pad for side in self._texture.shape[:2])
        x, y = np.clip(whole + self._pad, 0, 2 * self._pad - 1)
        if not offset.any():
            return self._texture[y : y + height, x : x + width].copy()
        right, down = (offset - whole).astype(np.float32)
        part = self._texture[y : y + height + 1, x : x + width + 1]
        part = part[:-1] * (1 - down) + part[1:] * down
        return part[:, :-1] * (1 - right) + part[:, 1:] * right

    def _magnified(self, offset: npt.NDArray[np.float64], zoom: float) -> Array:
        (left, right), (above, below) = (
            self._lines(offset[axis], zoom, self._texture.shape[1 - axis] - 2 * self._pad) for axis in (0, 1)
        )
        lines = mix(self._texture[above], self._texture[above + 1], below[:, None, None])
        return mix(lines[:, left], lines[:, left + 1], right[:, None])

    def _lines(self, offset: float, zoom: float, side: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Along one axis, for each pixel of the frame: the texel before it, and the weight of the next one."""
        middle = (side - 1) / 2
        texels = self._pad + middle + (np.arange(side) - middle) / zoom + offset
        before = np.floor(texels).astype(np.int64)
        return before, (texels - before).astype(np.float32)


def draw_context(
    name: str, height: int, width: int, pad: int, rng: np.random.Generator, grain: tuple[float, float] = (5, 8)
) -> Background:
    """A texture of the family ``name`` with random hues, angle, scale and phase.  ``pad``: largest pan, px.
    ``grain``: smallest and largest deviation of its noise, of 255."""
    pad += 1  # bilinear interpolation needs one more
    shape = height + 2 * pad, width + 2 * pad
    mask = draw_mask(name, shape, rng)[..., None]
    hue = rng.uniform()
    light = colour(hue, rng.uniform(0.25, 0.8), rng.uniform(0.46, 0.62))
    dark = colour(hue + rng.uniform(-0.2, 0.2), rng.uniform(0.25, 0.8), rng.uniform(0.04, 0.14))
    if rng.uniform() < 0.5:
        light, dark = dark, light
    texture = mask * light + (1 - mask) * dark
    # Static noise lets the encoder's search find matches where the texture is flat.
    texture += rng.uniform(*grain) * draw_noise(shape, 1.0, rng)[..., None]
    slope_y, slope_x = rng.uniform(-0.15, 0.15, 2)
    lighting = 1 + np.add.outer(slope_y * np.linspace(-0.5, 0.5, shape[0]), slope_x * np.linspace(-0.5, 0.5, shape[1]))
    return Background(np.clip(texture * lighting[..., None], 0, 255).astype(np.float32), pad)


def draw_mask(
    name: str, shape: tuple[int, int], rng: np.random.Generator, scales: tuple[float, float] = (0.8, 1.25)
) -> Array:
    """(height, width), 0 to 1: the family's shape.  Lengths are in pixels, times a random scale within ``scales``."""
    scale = rng.uniform(*scales)
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x0, y0 = rng.uniform(0.2, 0.8, 2) * shape[::-1]
    x, y = x - x0, y - y0
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    if name == 'stripes':
        return _edge(6 * _wave(u, 13 * scale))
    if name == 'checker':
        return _edge(9 * _wave(u, 28 * scale) * _wave(v, 28 * scale))
    if name == 'dots':
        pitch = 17 * scale
        return _edge(2 * (0.27 * pitch - np.hypot(_to_nearest(u, pitch), _to_nearest(v, pitch))))
    if name == 'blobs':
        return _edge(8 * draw_noise(shape, 6 * scale, rng))
    if name == 'bricks':
        course = 14 * scale
        shifted = u + np.floor(v / course) % 2 * course
        joint = np.minimum(np.abs(_to_nearest(shifted, 2 * course)), np.abs(_to_nearest(v, course)))
        return _edge(1.5 * (joint - 1.8))
    if name == 'rings':
        return _edge(6 * _wave(np.hypot(x, y), 15 * scale))
    if name == 'clouds':
        octaves = np.sum([draw_noise(shape, sigma * scale, rng) * sigma**0.3 for sigma in (1.5, 4, 10, 22)], axis=0)
        return np.clip(0.5 + 0.25 * octaves / octaves.std(), 0, 1)
    if name == 'grid':
        pitch = 15 * scale
        line = np.minimum(np.abs(_to_nearest(u, pitch)), np.abs(_to_nearest(v, pitch)))
        return _edge(3 * (1.6 - line))
    if name == 'zigzag':
        return _edge(6 * _wave(u + np.abs(_to_nearest(v, 22 * scale)), 14 * scale))
    if name == 'plaid':
        return 0.5 + 0.25 * (_edge(6 * _wave(u, 24 * scale)) - 0.5) + 0.75 * (_edge(6 * _wave(v, 11 * scale)) - 0.5)
    if name == 'cells':
        nearest, second = _to_points(x, y, 22 * scale, rng)
        return _edge(2 * (second - nearest - 3))
    if name == 'bubbles':
        nearest, _ = _to_points(x, y, 20 * scale, rng)
        return _edge(3 * (2 - np.abs(nearest - 7 * scale)))
    raise ValueError(f'unknown texture family {name!r}')


def mix(first: Array, second: Array, share: Array) -> Array:
    """Blend two pictures: ``share`` of the second, the rest of the first."""
    return first + (second - first) * share


def _to_points(x: Array, y: Array, spacing: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Distances to the nearest and second nearest of random points, one per ``spacing`` x ``spacing`` px."""
    nearest = np.full(x.shape, np.inf, np.float32)
    second = nearest.copy()
    for row in np.arange(y.min() - spacing, y.max() + spacing, spacing):
        for column in np.arange(x.min() - spacing, x.max() + spacing, spacing):
            distance = np.hypot(x - column - rng.uniform(0, spacing), y - row - rng.uniform(0, spacing))
            second = np.minimum(second, np.maximum(nearest, distance))
            nearest = np.minimum(nearest, distance)
    return nearest, second


def _wave(distance: Array, period: float) -> Array:
    return np.sin(2 * np.pi / period * distance)


def _to_nearest(distance: Array, pitch: float) -> Array:
    """Signed distance to the nearest multiple of ``pitch``."""
    return (distance + pitch / 2) % pitch - pitch / 2


def _edge(steepness: Array) -> Array:
    """Logistic curve: a soft threshold at 0."""
    return 1 / (1 + np.exp(-steepness))


def draw_noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Array:
    """White noise blurred by a Gaussian of ``sigma`` px, with unit variance; periodic."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    noise = np.fft.irfft2(spectrum, s=shape)
    return (noise / noise.std()).astype(np.float32)


def colour(hue: float, saturation: float, value: float) -> npt.NDArray[np.float64]:
    """HSV -> RGB, 0 to 255; ``hue`` is any number, in turns."""
    return 255 * np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))
