"""What a controlled video is painted with: eight families of texture, and a bright disc."""

import colorsys

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating]


class Background:
    """A still texture, ``pad`` px larger than the frame on every side; the frame may move over it."""

    def __init__(self, texture: Array, pad: int) -> None:
        self._texture = texture  # (height + 2 pad, width + 2 pad, 3), 0 to 255
        self._pad = pad

    def at(self, offset: npt.NDArray[np.float64]) -> Array:
        """(height, width, 3) with the frame moved by ``offset`` = (x, y) px, whole or not."""
        whole = np.floor(offset).astype(int)
        height, width = (side - 2 * self._pad for side in self._texture.shape[:2])
        x, y = np.clip(whole + self._pad, 0, 2 * self._pad - 1)
        if not offset.any():
            return self._texture[y : y + height, x : x + width].copy()
        right, down = (offset - whole).astype(np.float32)
        part = self._texture[y : y + height + 1, x : x + width + 1]
        part = part[:-1] * (1 - down) + part[1:] * down
        return part[:, :-1] * (1 - right) + part[:, 1:] * right


def draw_context(name: str, height: int, width: int, pad: int, rng: np.random.Generator) -> Background:
    """One texture of the family ``name``; hues, angle, scale and phase are free.  ``pad``: as far as it may
    pan, px."""
    pad += 1  # bilinear reading needs one more
    shape = height + 2 * pad, width + 2 * pad
    mask = _mask(name, shape, rng)[..., None]
    hue = rng.uniform()
    light = _colour(hue, rng.uniform(0.25, 0.8), rng.uniform(0.46, 0.62))
    dark = _colour(hue + rng.uniform(-0.2, 0.2), rng.uniform(0.25, 0.8), rng.uniform(0.04, 0.14))
    if rng.uniform() < 0.5:
        light, dark = dark, light
    texture = mask * light + (1 - mask) * dark
    # Still grain gives the encoder's search something to hold on to where the texture is flat.
    texture += rng.uniform(5, 8) * _noise(shape, 1.0, rng)[..., None]
    slope_y, slope_x = rng.uniform(-0.15, 0.15, 2)
    lighting = 1 + np.add.outer(slope_y * np.linspace(-0.5, 0.5, shape[0]), slope_x * np.linspace(-0.5, 0.5, shape[1]))
    return Background(np.clip(texture * lighting[..., None], 0, 255).astype(np.float32), pad)


def _mask(name: str, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """(height, width), 0 to 1: the family's form.  Lengths are in pixels, times a free scale."""
    scale = rng.uniform(0.8, 1.25)
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
        return _edge(8 * _noise(shape, 6 * scale, rng))
    if name == 'bricks':
        course = 14 * scale
        shifted = u + np.floor(v / course) % 2 * course
        joint = np.minimum(np.abs(_to_nearest(shifted, 2 * course)), np.abs(_to_nearest(v, course)))
        return _edge(1.5 * (joint - 1.8))
    if name == 'rings':
        return _edge(6 * _wave(np.hypot(x, y), 15 * scale))
    if name == 'clouds':
        octaves = np.sum([_noise(shape, sigma * scale, rng) * sigma**0.3 for sigma in (1.5, 4, 10, 22)], axis=0)
        return np.clip(0.5 + 0.25 * octaves / octaves.std(), 0, 1)
    if name == 'grid':
        pitch = 15 * scale
        line = np.minimum(np.abs(_to_nearest(u, pitch)), np.abs(_to_nearest(v, pitch)))
        return _edge(3 * (1.6 - line))
    raise ValueError(f'no texture family {name!r}')


class Disc:
    """A bright, nearly white disc with soft blotches, the same in every video but for the blotches."""

    _TEXELS = 64

    def __init__(self, rng: np.random.Generator) -> None:
        half = (self._TEXELS - 1) / 2
        y, x = (np.mgrid[: self._TEXELS, : self._TEXELS] - half) / half
        opacity = np.clip((0.95 - np.hypot(x, y)) * self._TEXELS / 4, 0, 1)[..., None]
        blotch = np.clip(0.5 + 0.35 * _noise((self._TEXELS, self._TEXELS), 3.5, rng), 0, 1)[..., None]
        hue = rng.uniform()
        colour = blotch * _colour(hue, 0.05, 1.0) + (1 - blotch) * _colour(hue, 0.05, 0.72)
        # Colours carry their opacity, so that the rim blends with what lies under it; a clear texel surrounds all.
        sprite = np.concatenate([colour * opacity, opacity], axis=-1).astype(np.float32)
        self._sprite = np.pad(sprite, ((1, 1), (1, 1), (0, 0)))

    def paint(self, frame: Array, centre: npt.NDArray[np.float64], diameter: float) -> None:
        """Lay the disc over ``frame`` (height, width, 3), in place; what lies outside is cut off."""
        x0, left, right = self._resampling(centre[0], diameter, frame.shape[1])
        y0, above, below = self._resampling(centre[1], diameter, frame.shape[0])
        if not len(left) or not len(above):
            return
        # Two texels a pixel and axis, read and mixed: as matrices of weights they woke up every BLAS thread.
        lines = _mix(self._sprite[above], self._sprite[above + 1], below[:, None, None])  # (h, texels, 4)
        patch = _mix(lines[:, left], lines[:, left + 1], right[None, :, None])  # (h, w, 4)
        under = frame[y0 : y0 + len(above), x0 : x0 + len(left)]
        under *= 1 - patch[..., 3:]
        under += patch[..., :3]

    def _resampling(
        self, centre: float, diameter: float, side: int
    ) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Along one axis: the disc's first pixel; of each pixel, the texel before it and the next one's share."""
        first = max(0, int(np.ceil(centre - diameter / 2)))
        last = min(side - 1, int(np.floor(centre + diameter / 2)))
        pixels = np.arange(first, last + 1)
        texels = (pixels - centre) * (self._TEXELS / diameter) + (self._TEXELS - 1) / 2 + 1
        before = np.floor(texels).astype(np.int64)
        return first, before, (texels - before).astype(np.float32)


def _mix(first: Array, second: Array, share: Array) -> Array:
    return first + (second - first) * share


def _wave(distance: Array, period: float) -> Array:
    return np.sin(2 * np.pi / period * distance)


def _to_nearest(distance: Array, pitch: float) -> Array:
    """Signed distance to the nearest multiple of ``pitch``."""
    return (distance + pitch / 2) % pitch - pitch / 2


def _edge(steepness: Array) -> Array:
    """Logistic curve: a soft threshold at 0."""
    return 1 / (1 + np.exp(-steepness))


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> Array:
    """White noise blurred by a Gaussian of ``sigma`` px, of unit variance; periodic."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    noise = np.fft.irfft2(spectrum, s=shape)
    return (noise / noise.std()).astype(np.float32)


def _colour(hue: float, saturation: float, value: float) -> npt.NDArray[np.float64]:
    """RGB, 0 to 255; ``hue`` in turns, any number."""
    return 255 * np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))
