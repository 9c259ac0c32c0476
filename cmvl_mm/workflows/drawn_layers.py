"""Draw data of the stream over consecutive frames."""

from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np

from cmvl_mm.bitstream.claims import I_FRAME
from cmvl_mm.video.accumulate_reader import read_accumulated
from cmvl_mm.video.display import Orientation
from cmvl_mm.video.patch_energy import patch_energy
from cmvl_mm.video.quantiser_reader import read_quantisers
from cmvl_mm.video.residual_reader import read_residuals
from cmvl_mm.video.stream import CompressedVideo
from cmvl_mm.visualization.arrows import Picture, draw_vectors
from cmvl_mm.visualization.heat import (
    FULL_RESIDUAL,
    cell_colours,
    draw_accumulated,
    draw_cells,
    draw_residual,
    residual_colours,
)
from cmvl_mm.visualization.legends import legend_of_directions, legend_of_values

Layer = Literal['vectors', 'residual', 'accumulated', 'energy', 'quantisers']
LAYERS: tuple[Layer, ...] = get_args(Layer)

_COARSEST = {'H.264 QP': 51, 'MPEG-2 quantiser scale': 62}
_PATCH = 16  # px: patch size of most vision transformers
_LARGE_RESIDUAL = 24.0  # root mean square, of 255: the last colour
_NO_QUANTISERS = 'the decoder reports none'


def title_of(video: CompressedVideo, layer: Layer) -> str:
    """Name of a layer in the strip below the picture; it says if residuals are not exact."""
    is_estimate = layer in ('residual', 'energy') and not video.has_exact_residuals
    return '' if layer == 'vectors' else f'{layer}, estimate' if is_estimate else layer


def legend_of(video: CompressedVideo, layer: Layer, scale: int, orientation: Orientation) -> Picture:
    """Legend of a layer's colours; ``scale`` pixels show one pixel of the source."""
    if layer == 'residual':
        return legend_of_values(residual_colours(), f'-{FULL_RESIDUAL:.0f}', f'{FULL_RESIDUAL:.0f}')
    if layer in ('energy', 'quantisers'):
        coarsest = _COARSEST['H.264 QP' if video.codec == 'h264' else 'MPEG-2 quantiser scale']
        largest = _LARGE_RESIDUAL if layer == 'energy' else coarsest
        return legend_of_values(cell_colours(np.linspace(0, 1, 48)), '0', f'{largest:.0f}')
    return legend_of_directions(scale, orientation)


def draw_run(video: CompressedVideo, run: range, layer: Layer, scale: int) -> Iterator[tuple[Picture, str | None]]:
    """Pictures of consecutive frames, each with the reason if it shows nothing.

    Raises:
        VideoError: the layer cannot be read from this video.
    """
    frames: Any = video.read(rgb=run, motion=run if layer == 'vectors' else ())
    rgb, motion = frames
    if layer == 'vectors':
        for row, picture in enumerate(rgb):
            drawn = draw_vectors(picture, motion.vectors[row], motion.valid[row], block=video.block, scale=scale)
            yield drawn, motion.missing[row]
    elif layer == 'residual':
        field = read_residuals(video, run)
        for row, picture in enumerate(rgb):
            drawn = draw_residual(picture, field.y[row], field.predicted[row], field.motion.block, scale)
            yield drawn, field.motion.missing[row]
    elif layer == 'energy':
        field = read_residuals(video, run)
        energy = patch_energy(field, height=video.height, width=video.width, patch=_PATCH)
        assert energy.residual is not None
        assert energy.residual_valid is not None
        for row, picture in enumerate(rgb):
            size = np.sqrt(energy.residual[row])
            drawn = draw_cells(picture, size, energy.residual_valid[row], _LARGE_RESIDUAL, _PATCH, scale)
            yield drawn, field.motion.missing[row]
    elif layer == 'accumulated':
        traced = read_accumulated(video, run)
        for row, (number, picture) in enumerate(zip(run, rgb, strict=True)):
            missing = I_FRAME if traced.since[row] == number else traced.missing[row]
            yield draw_accumulated(picture, traced.vectors[row], traced.valid[row], scale), missing
    else:
        found = read_quantisers(video, run)
        for row, picture in enumerate(rgb):
            missing = None if found.valid[row].any() else _NO_QUANTISERS
            largest = _COARSEST.get(found.scale, 1)
            yield draw_cells(picture, found.values[row], found.valid[row], largest, found.block, scale), missing
