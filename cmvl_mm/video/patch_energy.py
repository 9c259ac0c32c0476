"""Energy of motion and residual on the patch grid of a vision transformer: where the codec finds change.

Legend: n frames; P x Q patches; areas are in pixels of the video, even if the network sees a resized picture.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.checks import sides, whole
from cmvl_mm.video.motion import QUARTERS, MotionField, grid_shape
from cmvl_mm.video.residual import ResidualField

Energies = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PatchEnergy:
    """Energies of n frames."""

    motion: Energies
    """(n, P, Q): mean of dx^2 + dy^2 in px^2 over the part of a patch that has vectors."""
    motion_valid: npt.NDArray[np.bool_]
    """(n, P, Q): False where no part of a patch has a vector; ``motion`` is 0 there."""
    residual: Energies | None
    """(n, P, Q): mean squared luma residual over the predicted part of a patch; None if no residual was given."""
    residual_valid: npt.NDArray[np.bool_] | None
    """(n, P, Q): False where no part of a patch is predicted."""


def patch_energy(
    motion: MotionField | ResidualField,
    *,
    height: int,
    width: int,
    patch: int,
    size: tuple[int, int] | None = None,
) -> PatchEnergy:
    """Compute the energy of every patch; cells that several patches share count by area.

    Args:
        motion: vectors of n frames; a `ResidualField` contains vectors, and gives both energies.
        height: height of the video in pixels.
        width: width of the video in pixels.
        patch: edge of a patch, usually 14 or 16, in pixels of the network's input.
        size: (height, width) of the network's input; None: the size of the video. A remainder at its right and lower
            edges has no patch.

    Raises:
        ValueError: no patch fits, a number is not whole, or ``height`` and ``width`` are not the video's.
    """
    field = motion.motion if isinstance(motion, ResidualField) else motion
    if not isinstance(field, MotionField):
        raise TypeError(
            f'patch_energy needs a MotionField or a ResidualField, not {type(motion).__name__}. '
            'Remedy: pass a field that the reader returns.'
        )
    height, width = whole('height', height, least=1), whole('width', width, least=1)
    patch = whole('patch', patch, least=1)
    seen = (height, width) if size is None else sides('size', size, '(height, width)')
    if field.valid.shape[1:] != grid_shape(height, width, field.block):
        cells = grid_shape(height, width, field.block)
        raise ValueError(
            f'{width}x{height} px have {cells} cells of {field.block} px, the vectors have {field.valid.shape[1:]}. '
            'Remedy: give the height and width of the video.'
        )
    if isinstance(motion, ResidualField) and motion.y.shape[1:] != (height, width):
        raise ValueError(
            f'the residual is {motion.y.shape[1:]} px, not {(height, width)}. '
            'Remedy: give the height and width of the video.'
        )
    counts = [edge // patch for edge in seen]
    if not all(counts):
        raise ValueError(f'no patch of {patch} px fits into {seen[1]}x{seen[0]} px')
    scales = height / seen[0], width / seen[1]
    edges = [np.arange(count + 1) * patch * scale for count, scale in zip(counts, scales, strict=True)]
    shares = [_overlap(edge, field.block, whole) for edge, whole in zip(edges, (height, width), strict=True)]
    squared = (field.vectors.astype(np.float32) / QUARTERS) ** 2
    of_motion, motion_valid = _mean(squared.sum(axis=-1), field.valid, shares)
    if not isinstance(motion, ResidualField):
        return PatchEnergy(of_motion, motion_valid, None, None)
    shares = [_overlap(edge, 1, whole) for edge, whole in zip(edges, (height, width), strict=True)]
    inside = field.valid.repeat(field.block, axis=1).repeat(field.block, axis=2)[:, :height, :width]
    of_residual, residual_valid = _mean(motion.y.astype(np.float32) ** 2, inside, shares)
    return PatchEnergy(of_motion, motion_valid, of_residual, residual_valid)


def _overlap(edges: npt.NDArray[np.floating], cell: int, whole: int) -> Energies:
    """(P, cells): number of pixels of each cell, along one axis of ``whole`` pixels, that lie in each patch."""
    starts = np.arange(0, whole, cell)
    ends = np.minimum(starts + cell, whole)
    covered = np.minimum(edges[1:, None], ends) - np.maximum(edges[:-1, None], starts)
    return np.maximum(covered, 0).astype(np.float32)


def _mean(
    values: Energies, valid: npt.NDArray[np.bool_], shares: list[Energies]
) -> tuple[Energies, npt.NDArray[np.bool_]]:
    """Means over the valid area of each patch, and which patches have any."""
    down, across = shares
    total = down @ (values * valid) @ across.T
    area = down @ valid.astype(np.float32) @ across.T
    covered = area > 0
    return np.divide(total, area, out=np.zeros_like(total), where=covered), covered
