"""TSN's crop with a few fixed scales and positions, and a flip that negates vectors."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.compressed_recognition.streams import MIDDLE
from cmvl_mm.datasets.geometry import Box, crop_resize

Sample = dict[str, Any]
_QUARTERS = ((0, 0), (0, 4), (4, 0), (4, 4), (2, 2), (0, 2), (4, 2), (2, 0), (2, 4), (1, 1), (1, 3), (3, 1), (3, 3))
"""(down, across): positions of the box, in quarters of the free room: corners, middle, and between them."""


def multi_scale_box(rng: np.random.Generator, height: int, width: int, scales: Sequence[float]) -> Box:
    """A box of one of a few sizes at one of 13 positions, drawn as in TSN (Wang et al., ECCV 2016, section 3.3).

    Args:
        rng: random generator.
        height, width: size of the frame, px.
        scales: scales of the frame's short side, descending; height and width take the same scale or neighbours.
    """
    edges = [max(1, int(min(height, width) * scale)) for scale in scales]
    pairs = [pair for pair in product(range(len(edges)), repeat=2) if abs(pair[0] - pair[1]) <= 1]
    down, across = pairs[rng.integers(len(pairs))]
    box_height, box_width = edges[down], edges[across]
    top, left = _QUARTERS[rng.integers(len(_QUARTERS))]
    return Box((height - box_height) * top // 4, (width - box_width) * left // 4, box_height, box_width)


def mirror_signs(pictures: np.ndarray, channels: np.ndarray) -> None:
    """Negate vectors of 8 bits in place: 128 + v becomes 128 - v, and 0 becomes 255.

    Args:
        pictures: (n, H, W, C) uint8.
        channels: the channels that hold dx.
    """
    turned = 2 * MIDDLE - pictures[..., channels].astype(np.int16)
    pictures[..., channels] = np.minimum(turned, 255).astype(np.uint8)


@TRANSFORMS.register_module()
class MultiScaleCropFlip:
    """One `multi_scale_box` and one flip for all segments of a video; a flip negates dx of vectors.

    CoViAR does the same; DMC-Net's code flips vectors without negating them.

    Args:
        size: output edge, px.
        scales: scales of the short side; CoViAR has 1, 0.875, 0.75, and for I-frames also 0.66.
        flip_prob: probability of the mirroring.
    """

    def __init__(self, size: int, scales: Sequence[float] = (1, 0.875, 0.75), flip_prob: float = 0.5) -> None:
        if not scales or not all(0 < scale <= 1 for scale in scales):
            raise ValueError(f'scales={list(scales)!r}: give one or more scales above 0 and at most 1')
        self.size, self.scales, self.flip_prob = size, tuple(scales), flip_prob

    def __call__(self, sample: Sample) -> Sample:
        rng, video = sample['rng'], sample['video']
        box = multi_scale_box(rng, video.height, video.width, self.scales)
        flip = bool(rng.random() < self.flip_prob)
        sample['imgs'] = crop_resize(sample['imgs'], box, flip, self.size)
        if flip and 'signed_channels' in sample:
            mirror_signs(sample['imgs'], sample['signed_channels'])
        sample['crops'] = [(box, flip)]
        return sample
