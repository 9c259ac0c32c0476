"""Shuffle & Learn: are three frames in temporal order?

Misra et al., Shuffle and Learn: unsupervised learning using temporal order verification, ECCV 2016. Head and settings
follow the official code, which reads its tuples from a list. The choice of tuples follows common descriptions and is
unverified.
"""

import numpy as np
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample

from .encode import Network, PretextHead, classified, encode_all, still_clips
from .moving_window import read_moving_start
from .recognizer import Labels
from .samples import require_room, take

FRAMES = 3
POSITIVE_SHARE = 0.25  # about three negatives per positive


def five_frames(rng: np.random.Generator, start: int, min_gap: int, max_gap: int) -> np.ndarray:
    """(5,) frames a < b < c < d < e in the window of `window_span` frames.

    b and d are `min_gap` to `max_gap` frames apart, a and e at least `min_gap` outside them, c between them.
    """
    inner = int(rng.integers(min_gap, max_gap + 1))
    left = int(rng.integers(max_gap - inner + 1))  # part of the room that a shorter gap leaves
    right = int(rng.integers(max_gap - inner - left + 1))
    b = start + min_gap + left
    d = b + inner
    return np.array([start, b, int(rng.integers(b + 1, d)), d, d + min_gap + right])


def window_span(min_gap: int, max_gap: int) -> int:
    """Largest number of frames from the first to the last of the five."""
    return 2 * min_gap + max_gap + 1


def ordered_or_not(rng: np.random.Generator, five: np.ndarray) -> tuple[np.ndarray, int]:
    """(3,) frames and whether they are in order: (b, c, d) is in order, (b, a, d) and (b, e, d) are not."""
    a, b, c, d, e = five
    label = int(rng.random() < POSITIVE_SHARE)
    middle = c if label else (a, e)[rng.integers(2)]
    return np.array([b, middle, d]), label


@TRANSFORMS.register_module()
class SampleShuffleLearn:
    """Three frames of a window with much motion.

    Args:
        min_gap, max_gap: range of the gap, in frames of the video, 15 and 60.

    Raises:
        ValueError: no frame fits between two at the smallest gap.
    """

    def __init__(self, min_gap: int = 15, max_gap: int = 60) -> None:
        if not 2 <= min_gap <= max_gap:
            raise ValueError(f'min_gap={min_gap} and max_gap={max_gap} must be ascending and at least 2')
        self.min_gap, self.max_gap = min_gap, max_gap
        self.span = window_span(min_gap, max_gap)

    def __call__(self, sample: Sample) -> Sample:
        rng = sample['rng']
        require_room(sample['video'].num_frames, self.span, 'Shuffle & Learn')
        five = five_frames(rng, read_moving_start(sample, self.span), self.min_gap, self.max_gap)
        frames, label = ordered_or_not(rng, five)
        return take(sample, frames[:, None], dict(ordered=label))


@MODELS.register_module()
class ShuffleLearnHead(PretextHead):
    """Classify in order or not from the three concatenated features.

    The classifier is linear, as published: it adds up terms of single frames, and a sum cannot express that one frame
    lies between two others. On videos of one moving bar its accuracy stayed at the share of the larger class, where
    OPN's pairs learnt their order.

    Args:
        in_channels: C of the network's last map.
        still_len: frames of the clip that represents a frame, see `still_clips`.

    Clips through the network: 3 still clips per video.
    """

    def __init__(self, *, in_channels: int, still_len: int = 16) -> None:
        super().__init__()
        self.still_len = still_len
        self.classify = nn.Linear(FRAMES * in_channels, 2)

    def frames_through(self, frames: int) -> int:
        return frames * self.still_len

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_ordered` and `acc_ordered`; clips are the frames (B, 3, 3, 1, H, W)."""
        features = encode_all(network, still_clips(clips, self.still_len)).flatten(1)
        return classified(self.classify(features), labels['ordered'], 'ordered')
