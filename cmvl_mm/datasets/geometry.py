"""The only code that rotates, crops or flips: frames on the host, motion grids on the model's device.

Both use one record, a `Box` in full-resolution pixels and a flip, so pixels and vectors stay aligned.
"""

import math
from typing import Literal, NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

QUARTER_PIXELS = 4.0
MirroredDx = Literal['negate', 'keep']


class Box(NamedTuple):
    """A crop in full-resolution pixels: rows top ... top + height - 1, columns left ... left + width - 1."""

    top: int
    left: int
    height: int
    width: int


def random_resized_box(
    rng: np.random.Generator, height: int, width: int, area: tuple[float, float], aspect: tuple[float, float]
) -> Box:
    """Draw a box with a uniform share of the area and a log-uniform aspect ratio (width / height).

    After ten draws that do not fit, return the largest central box with an allowed aspect ratio.
    """
    for _ in range(10):
        target = height * width * rng.uniform(*area)
        ratio = math.exp(rng.uniform(math.log(aspect[0]), math.log(aspect[1])))
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            return Box(int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w)
    ratio = min(max(width / height, aspect[0]), aspect[1])
    h = min(height, max(1, round(width / ratio)))
    w = min(width, max(1, round(h * ratio)))
    return Box((height - h) // 2, (width - w) // 2, h, w)


def centre_box(height: int, width: int, share: float) -> Box:
    """The central square whose edge is `share` of the short side.

    Resizing it to 112 equals resizing the short side to 128 and cutting out the central 112, at share 112 / 128.
    """
    edge = max(1, round(min(height, width) * share))
    return Box((height - edge) // 2, (width - edge) // 2, edge, edge)


def rotate(frames: np.ndarray, degrees: float) -> np.ndarray:
    """(n, H, W, 3) uint8 -> the same shape, rotated anticlockwise about the centre: bilinear, black outside."""
    return np.stack([np.asarray(Image.fromarray(frame).rotate(degrees, Image.Resampling.BILINEAR)) for frame in frames])


def crop_resize(frames: np.ndarray, box: Box, flip: bool, size: int) -> np.ndarray:
    """(n, H, W, C) uint8 -> (n, size, size, C) uint8: crop, bilinear resize (antialiased when shrinking), flip.

    This uses torch's kernel for bytes, which agrees with Pillow's within one level and takes an eighth of its time.
    """
    cut = torch.from_numpy(frames)[:, box.top : box.top + box.height, box.left : box.left + box.width]
    resized = F.interpolate(cut.permute(0, 3, 1, 2), (size, size), mode='bilinear', antialias=True)
    out = np.ascontiguousarray(resized.permute(0, 2, 3, 1).numpy())
    # mirror the stack as one tall picture: OpenCV is thirty times as fast as NumPy
    return cv2.flip(out.reshape(-1, size, out.shape[-1]), 1).reshape(out.shape) if flip else out


def axis_matrix(start: Tensor, length: Tensor, block: Tensor, num_blocks: int, size: int) -> Tensor:
    """Painting, cropping and resizing along one axis, as one matrix per window.

    Row o of a matrix holds the weight of each block in output pixel o, as if the blocks were painted at full
    resolution, and pixels start ... start + length - 1 were cut out and resized to `size` bilinearly (half-pixel
    centres, no antialiasing, edges repeated).

    Args:
        start, length, block: (N,) integers, in pixels.
        num_blocks: blocks along this axis.
        size: pixels of the output.

    Returns:
        (N, size, num_blocks) float32; each row sums to 1.
    """
    length, start, block = length[:, None], start[:, None], block[:, None]  # (N, 1)
    # (o + 1/2) length / size - 1/2, as a whole number of 1 / (2 size): float32 positions would cost 1e-3 px
    position = ((2 * torch.arange(size, device=start.device)[None] + 1) * length - size).clamp(min=0)  # (N, size)
    lower = position // (2 * size)
    upper = torch.minimum(lower + 1, length - 1)
    weight = (position % (2 * size)).float() / (2 * size)
    matrix = torch.zeros(len(start), size, num_blocks, device=start.device)
    matrix.scatter_add_(2, ((start + lower) // block)[..., None], (1 - weight)[..., None])
    matrix.scatter_add_(2, ((start + upper) // block)[..., None], weight[..., None])
    return matrix


def crop_resize_grids(grids: Tensor, boxes: Tensor, flips: Tensor, block: Tensor, size: int) -> Tensor:
    """Values of blocks -> maps of the crop, without painting them. A flip mirrors the map and keeps the values.

    Args:
        grids: (N, T, Hb, Wb, C) float32.
        boxes: (N, 4) top, left, height, width in full-resolution pixels.
        flips: (N,) bool.
        block: (N,) block edge in pixels.

    Returns:
        (N, C, T, size, size) float32.
    """
    num_windows, length, rows, columns, channels = grids.shape
    top, left, height, width = boxes.long().unbind(1)
    vertical = axis_matrix(top, height, block, rows, size)  # (N, size, Hb)
    horizontal = axis_matrix(left, width, block, columns, size)  # (N, size, Wb)
    horizontal = torch.where(flips[:, None, None], horizontal.flip(1), horizontal)
    values = grids.permute(0, 4, 1, 2, 3).reshape(num_windows, channels * length * rows, columns)
    across = torch.bmm(values, horizontal.transpose(1, 2)).view(num_windows, channels * length, rows, size)
    maps = torch.matmul(vertical[:, None], across)  # (N, C * T, size, size)
    return maps.view(num_windows, channels, length, size, size)


def crop_resize_motion(
    grids: Tensor,
    boxes: Tensor,
    flips: Tensor,
    block: Tensor,
    size: int,
    mirrored_dx: MirroredDx = 'negate',
) -> Tensor:
    """Block vectors -> motion maps of the crop, in pixels per frame, see `crop_resize_grids`.

    A flip mirrors the map and negates dx, unless `mirrored_dx` keeps it. The resize does not rescale values.

    Args:
        grids: (N, T, Hb, Wb, 2) quarter pixels, (dx, dy).
        boxes, flips, block: as in `crop_resize_grids`.
        mirrored_dx: effect of a flip on dx: 'negate' gives the motion that the mirrored pictures show; 'keep' does not
            change dx, as released.

    Returns:
        (N, 2, T, size, size) float32.
    """
    vectors = grids.float() / QUARTER_PIXELS
    if mirrored_dx == 'negate':
        sign = torch.ones(len(grids), 1, 1, 1, 2, device=grids.device)
        sign[:, 0, 0, 0, 0] = torch.where(flips, -1.0, 1.0)
        vectors = vectors * sign
    return crop_resize_grids(vectors, boxes, flips, block, size)
