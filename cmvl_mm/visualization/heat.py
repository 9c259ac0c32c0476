"""Draw values of pixels or cells over their picture, with NumPy only.

Symbols: H, W pixels; Hb x Wb cells.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from cmvl_mm.visualization.arrows import Picture, direction_colours

_DIMMED = 0.4  # share of the picture's brightness that remains below the colours
_HATCH = 6  # output px from one line of the hatching to the next
_HATCH_LIGHT = 90
FULL_RESIDUAL = 32.0  # of 255: drawn in full colour
_FULL_LENGTH = 12.0  # px: drawn in full colour
_ABOVE, _BELOW = (255, 96, 32), (48, 144, 255)
_STOPS = ((40, 60, 200), (205, 50, 110), (255, 210, 50))  # of 0, 0.5 and 1, with no grey between


def draw_residual(
    rgb: Picture, residual: npt.NDArray[np.int16], predicted: npt.NDArray[np.bool_], block: int, scale: int
) -> Picture:
    """A residual over its picture: orange where it brightens the prediction, blue where it darkens it.

    Args:
        rgb: (H, W, 3).
        residual: (H, W) luma.
        predicted: (Hb, Wb) cells of ``block`` px that have a residual; the others are hatched.
        block: edge of a cell, px.
        scale: output pixels for one pixel of ``rgb``.

    Returns:
        (H * scale, W * scale, 3) uint8.
    """
    share = np.minimum(np.abs(residual) / FULL_RESIDUAL, 1)
    colours = np.where((residual > 0)[..., None], np.array(_ABOVE), np.array(_BELOW))
    return _blended(rgb, colours, share, _per_pixel(predicted, block, rgb), scale)


def draw_accumulated(rgb: Picture, vectors: npt.NDArray[np.int16], valid: npt.NDArray[np.bool_], scale: int) -> Picture:
    """Displacements (H, W, 2), valid (H, W), over their picture: the colour shows direction, its strength length."""
    length = np.hypot(vectors[..., 0], vectors[..., 1])
    colours = direction_colours(vectors.reshape(-1, 2)).reshape(rgb.shape)
    return _blended(rgb, colours, np.minimum(length / _FULL_LENGTH, 1), valid, scale)


def draw_cells(
    rgb: Picture, values: npt.NDArray[np.number], valid: npt.NDArray[np.bool_], largest: float, block: int, scale: int
) -> Picture:
    """One value per cell, (Hb, Wb), over its picture: blue for 0, over red to yellow for ``largest``.

    Pixels outside the cells of ``block`` px, and cells that are not valid, are hatched.
    """
    share = _per_pixel(np.clip(values / largest, 0, 1).astype(np.float32), block, rgb)
    return _blended(rgb, cell_colours(share), np.full(share.shape, 0.7), _per_pixel(valid, block, rgb), scale)


def residual_colours() -> npt.NDArray[np.floating]:
    """Colours (k, 3) of residuals from -`FULL_RESIDUAL` to `FULL_RESIDUAL`, over black."""
    share = np.linspace(-1, 1, 33)[:, None]
    return np.where(share > 0, np.array(_ABOVE), np.array(_BELOW)) * np.abs(share)


def cell_colours(share: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Values (...,) from 0 to 1 -> colours (..., 3)."""
    places = np.linspace(0, 1, len(_STOPS))
    return np.stack([np.interp(share, places, channel) for channel in zip(*_STOPS, strict=True)], axis=-1)


def _per_pixel(cells: npt.NDArray[Any], block: int, rgb: Picture) -> npt.NDArray[Any]:
    """Values of cells (Hb, Wb) -> values of pixels (H, W)."""
    height, width = rgb.shape[:2]
    spread = np.zeros((height, width), cells.dtype)
    found = cells.repeat(block, axis=0).repeat(block, axis=1)[:height, :width]
    spread[: found.shape[0], : found.shape[1]] = found
    return spread


def _blended(
    rgb: Picture,
    colours: npt.NDArray[np.number],
    share: npt.NDArray[np.floating],
    valid: npt.NDArray[np.bool_],
    scale: int,
) -> Picture:
    grey = np.repeat(rgb.mean(axis=-1, keepdims=True), 3, axis=-1) * _DIMMED
    strength = np.where(valid, share, 0)[..., None]
    picture = (grey + (colours - grey) * strength).astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)
    y, x = np.ogrid[: picture.shape[0], : picture.shape[1]]
    picture[~valid.repeat(scale, axis=0).repeat(scale, axis=1) & ((x + y) % _HATCH == 0)] = _HATCH_LIGHT
    return picture
