"""Camera motion in motion vectors: the pan, zoom and roll that most blocks of a frame agree on.

Moving objects are the minority that disagrees. Vectors minus camera motion are the motion of objects over the ground.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import MotionField

Floats = npt.NDArray[np.float64]

LEAST_BLOCKS = 12
"""Fewest valid blocks that a frame needs: three for each of the four unknowns."""
_ITERATIONS = 15
_BIWEIGHT = 4.685 / 1.1774
"""Residuals of at least this many medians get weight 0: 4.685 standard deviations, as usual for Tukey's biweight,
divided by 1.1774, the median length of a vector of two standard normal errors."""
_FINEST = 1.5
"""Quarter pixels. Vectors are whole numbers, so smaller residuals are rounding."""


class CameraMotion(NamedTuple):
    """Motion of the camera between each frame and its reference; NaN where it is unknown.

    A block at (x, y) px from the middle of the grid moves by (pan x + zoom x - roll y, pan y + zoom y + roll x).
    """

    pan: Floats
    """(n, 2): (dx, dy) in the middle of the grid, in quarter pixels; +x right, +y down."""
    zoom: Floats
    """(n,): quarter pixels per pixel of distance from the middle; above 0 if the content grows."""
    roll: Floats
    """(n,): rotation, in the same unit; above 0 if the picture turns clockwise."""


def camera_motion(field: MotionField) -> CameraMotion:
    """Fit a similarity to the vectors of each frame by least squares, reweighted by Tukey's biweight.

    The fit starts from the median vector. It follows the majority: an object that fills most of a frame is taken for
    the ground, and blocks without texture have arbitrary vectors that were cheap to code. Each frame is fitted as it
    is: vectors that span several frames give the camera's motion over as many, see `MotionField.per_frame`.

    Args:
        field: only its valid blocks count; a frame with fewer than `LEAST_BLOCKS` is not fitted.
    """
    frames, rows, columns = field.valid.shape
    counted, vectors = field.valid.reshape(frames, rows * columns), field.vectors.reshape(frames, rows * columns, 2)
    enough = counted.sum(1) >= LEAST_BLOCKS
    fitted = np.full((frames, 4), np.nan)
    if enough.any():
        fitted[enough] = _fit(_design(rows, columns), vectors[enough].astype(np.float64), counted[enough])
    return CameraMotion(fitted[:, :2], fitted[:, 2] / field.block, fitted[:, 3] / field.block)


def without_camera(field: MotionField) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Subtract the camera's motion from the vectors: what remains is the motion of objects over the ground.

    Returns:
        Vectors, (n, Hb, Wb, 2) in quarter pixels, 0 where they are not valid; and their validity, (n, Hb, Wb), as in
        the field, but False in frames whose camera motion is unknown.
    """
    camera = camera_motion(field)
    known = field.valid & ~np.isnan(camera.zoom)[:, None, None]
    fitted = np.column_stack([camera.pan, camera.zoom * field.block, camera.roll * field.block])
    ground = np.einsum('pij,nj->npi', _design(*known.shape[1:]), fitted).reshape(field.vectors.shape)
    return np.where(known[..., None], field.vectors - ground, 0).astype(np.float32), known


def _design(rows: int, columns: int) -> Floats:
    """(P, 2, 4): effect of (pan x, pan y, zoom, roll) on each block's dx and dy; places in blocks from the centre."""
    y, x = np.mgrid[:rows, :columns].reshape(2, -1) - np.array([[rows - 1], [columns - 1]]) / 2
    one, none = np.ones_like(x), np.zeros_like(x)
    return np.stack([np.stack([one, none, x, -y], -1), np.stack([none, one, y, x], -1)], 1)


def _fit(design: Floats, vectors: Floats, counted: npt.NDArray[np.bool_]) -> Floats:
    """(P, 2, 4), (n, P, 2), (n, P) -> (n, 4)."""
    middle = np.nanmedian(np.where(counted[..., None], vectors, np.nan), axis=1)
    fitted = np.concatenate([middle, np.zeros_like(middle)], 1)
    squares = np.einsum('pij,pik->pjk', design, design)
    products = np.einsum('pij,npi->npj', design, vectors)
    for _ in range(_ITERATIONS):
        errors = np.hypot(*np.moveaxis(vectors - np.einsum('pij,nj->npi', design, fitted), -1, 0))
        scale = np.nanmedian(np.where(counted, errors, np.nan), axis=1)
        limit = np.maximum(_BIWEIGHT * scale, _FINEST)[:, None]
        weights = np.where(counted, np.clip(1 - (errors / limit) ** 2, 0, None) ** 2, 0)
        left = np.einsum('np,pjk->njk', weights, squares)
        right = np.einsum('np,npj->nj', weights, products)
        fitted = np.einsum('njk,nk->nj', np.linalg.pinv(left, hermitian=True), right)
    return fitted
