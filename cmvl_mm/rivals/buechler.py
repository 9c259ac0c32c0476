"""Büchler et al.: one network puts tiles of a picture and frames of a video in order, hard permutations first.

Büchler et al., Improving spatiotemporal self-supervision by deep reinforcement learning, ECCV 2018. The implementation
follows common descriptions of the paper and is unverified. The paper's reinforcement-learned policy, which chooses the
next permutations, is replaced by weights: a permutation counts in proportion to its own running loss. A result of this
head is therefore "Büchler, policy replaced", not the paper's method.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import random_start

from .encode import Network, PretextHead, encode_all, still_clips
from .jigsaw import TileOrder
from .orders import PairOrderClassifier, all_orders
from .recognizer import Labels
from .samples import require_room, take

FRAMES = 4
ORDERS = all_orders(FRAMES)


def frames_in_disorder(rng: np.random.Generator, num_frames: int, gap: int) -> tuple[np.ndarray, int]:
    """(4,) frames, `gap` apart, in a random order, and its label: place i shows frame `ORDERS[label][i]`."""
    start = random_start(rng, num_frames, (FRAMES - 1) * gap + 1)
    label = int(rng.integers(len(ORDERS)))
    return start + gap * ORDERS[label], label


@TRANSFORMS.register_module()
class SampleTilesAndFrames:
    """Four frames in a random order; the first shown frame is also the picture that is cut into tiles.

    Args:
        gap: distance between successive frames, in frames of the video.
        num_orders: number of tile permutations.
    """

    def __init__(self, gap: int = 8, num_orders: int = 100) -> None:
        self.gap, self.num_orders = gap, num_orders

    def __call__(self, sample: Sample) -> Sample:
        rng, num_frames = sample['rng'], sample['video'].num_frames
        require_room(num_frames, (FRAMES - 1) * self.gap + 1, 'tiles and frames')
        frames, label = frames_in_disorder(rng, num_frames, self.gap)
        return take(sample, frames[:, None], dict(order=label, tiles=int(rng.integers(self.num_orders))))


class HardPermutations(nn.Module):
    """Weights of permutations: the running mean loss of each permutation, divided by the mean over all.

    The means start at the loss of chance: from a lower start, more frequent permutations would count more.

    Args:
        count: number of permutations.
        keep: share of the old mean that is kept when a permutation occurs.
    """

    losses: Tensor

    def __init__(self, count: int, keep: float) -> None:
        super().__init__()
        if not 0 <= keep < 1:
            raise ValueError(f'keep={keep} is not in 0 ... 1')
        self.keep = keep
        self.register_buffer('losses', torch.full((count,), math.log(count)))

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Scores (N, count), labels (N,) -> the weighted mean cross-entropy; then the running means are updated."""
        each = F.cross_entropy(scores.float(), labels, reduction='none')
        weights = self.losses[labels] / self.losses.mean()
        with torch.no_grad():
            met = torch.zeros_like(self.losses).index_add_(0, labels, torch.ones_like(each))
            total = torch.zeros_like(self.losses).index_add_(0, labels, each)
            mean = self.keep * self.losses + (1 - self.keep) * total / met.clamp_min(1)
            self.losses.copy_(torch.where(met > 0, mean, self.losses))
        return (weights * each).mean()


def smaller(frames: Tensor, size: int) -> Tensor:
    """Downscale (B, K, 3, 1, H, H) -> (B, K, 3, 1, size, size), bilinear and antialiased."""
    pictures = frames.flatten(0, 1).squeeze(2)
    resized = F.interpolate(pictures, (size, size), mode='bilinear', antialias=True)
    return resized.unsqueeze(2).unflatten(0, frames.shape[:2])


@MODELS.register_module()
class BuechlerHead(PretextHead):
    """Predict both orders with one network; each permutation is weighted by its own running loss.

    Args:
        in_channels: C of the network's last map.
        num_orders, gap: settings of the tiles, as in `TileOrder`.
        still_len: frames of the clip that represents a frame or a tile.
        width: width of the layers before the classifiers.
        dropout: rate before both classifiers.
        keep: as in `HardPermutations`.
        frame_size: edge of the downscaled frames; the tiles are cut from the original picture.
        clips_per_picture: as in `JigsawHead`.

    Clips through the network: 4 still frames per video, and 9 tiles with the pixels of one picture.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_orders: int = 100,
        gap: float = 11 / 75,
        still_len: int = 16,
        width: int = 512,
        dropout: float = 0.5,
        keep: float = 0.9,
        frame_size: int = 112,
        clips_per_picture: int = 1,
    ) -> None:
        super().__init__()
        self.frame_size, self.clips_per_picture = frame_size, clips_per_picture
        self.tiles = TileOrder(
            in_channels, num_orders=num_orders, gap=gap, still_len=still_len, width=width, dropout=dropout
        )
        self.order = PairOrderClassifier(in_channels, items=FRAMES, classes=len(ORDERS), width=width, dropout=dropout)
        self.hard_tiles, self.hard_orders = HardPermutations(num_orders, keep), HardPermutations(len(ORDERS), keep)

    def frames_through(self, frames: int) -> int:
        return frames // FRAMES * (FRAMES + self.clips_per_picture) * self.tiles.still_len

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_tiles`, `loss_order`, `acc_tiles` and `acc_order`; clips are the frames (B, 4, 3, 1, H, H)."""
        of_tiles = self.tiles(network, clips[:, 0, :, 0], labels['tiles'])
        frames = still_clips(smaller(clips, self.frame_size), self.tiles.still_len)
        of_frames = self.order(encode_all(network, frames))
        return dict(
            loss_tiles=self.hard_tiles(of_tiles, labels['tiles']),
            loss_order=self.hard_orders(of_frames, labels['order']),
            acc_tiles=(of_tiles.argmax(1) == labels['tiles']).float().mean(),
            acc_order=(of_frames.argmax(1) == labels['order']).float().mean(),
        )
