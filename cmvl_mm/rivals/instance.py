"""Instance contrast: two clips of a video are positives, clips of other videos are negatives.

Chen et al., A simple framework for contrastive learning of visual representations, ICML 2020 (SimCLR); He et al.,
Momentum contrast for unsupervised visual representation learning, CVPR 2020 (MoCo); here with two clips of a video.
"""

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start
from cmvl_mm.models.gather import gather_rows, mean_over_ranks, rank
from cmvl_mm.models.projection import ProjectionMLP

from .encode import Network, PretextHead, encode_all
from .momentum import MomentumContrastHead
from .recognizer import Labels
from .samples import require_room, take

VIEWS = 2


def view_frames(rng: np.random.Generator, num_frames: int, clip_len: int, frame_interval: int) -> np.ndarray:
    """(2, clip_len) frames of two clips at independent random positions."""
    span = clip_span(clip_len, frame_interval)
    return np.stack([clip_at(random_start(rng, num_frames, span), clip_len, frame_interval) for _ in range(VIEWS)])


@TRANSFORMS.register_module()
class SampleViews:
    """Two clips of the video.

    Args:
        clip_len, frame_interval: length and stride of a clip.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 4) -> None:
        self.clip_len, self.frame_interval = clip_len, frame_interval

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, clip_span(self.clip_len, self.frame_interval), 'instance contrast')
        return take(sample, view_frames(sample['rng'], num_frames, self.clip_len, self.frame_interval))


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Each view finds the other view of its video among all other views of all ranks.

    Args:
        first, second: (B, D) of length 1.
        temperature: temperature of the softmax.

    Returns:
        The mean cross-entropy over the 2 B views, and the share of views that find their counterpart.
    """
    videos = len(first)
    everyone = torch.cat([gather_rows(first), gather_rows(second)])  # (2 W B, D)
    own = torch.arange(videos, device=first.device) + rank() * videos
    half = len(everyone) // 2
    itself, other = torch.cat([own, own + half]), torch.cat([own + half, own])
    scores = torch.cat([first, second]) @ everyone.T / temperature
    scores = scores.scatter(1, itself[:, None], -torch.inf)
    hits = (scores.argmax(1) == other).float().mean()
    return mean_over_ranks(F.cross_entropy(scores, other)), hits


def across(query: Tensor, key: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Each query finds the key of its video among the keys of all ranks; other queries are no negatives.

    Args:
        query, key: (B, D) of length 1.
        temperature: temperature of the softmax.

    Returns:
        The mean cross-entropy, and the share of queries that find their key.
    """
    own = torch.arange(len(query), device=query.device) + rank() * len(query)
    scores = query @ gather_rows(key).T / temperature
    return mean_over_ranks(F.cross_entropy(scores, own)), (scores.argmax(1) == own).float().mean()


@MODELS.register_module()
class SimCLRHead(PretextHead):
    """Instance contrast within the batch.

    Args:
        in_channels: C of the network's last map.
        hidden_channels, embed_channels: widths of the projection.
        temperature: temperature of the softmax.

    Clips through the network: 2 per video.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        hidden_channels: int = 512,
        embed_channels: int = 128,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.projection = ProjectionMLP(
            in_channels, hidden_channels=hidden_channels, out_channels=embed_channels, output_norm='none'
        )

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_instance` and `acc_instance`; clips are (B, 2, 3, T, H, W)."""
        views = F.normalize(self.projection(encode_all(network, clips)).float(), dim=2)
        loss, hits = nt_xent(views[:, 0], views[:, 1], self.temperature)
        return dict(loss_instance=loss, acc_instance=hits)


@MODELS.register_module()
class MoCoHead(MomentumContrastHead):
    """Instance contrast with a queue of keys from a momentum copy of the network.

    The arguments are those of `MomentumContrastHead`. Clips through the network: 2 per video, one of them through the
    copy.
    """

    clips = VIEWS

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_instance` and `acc_instance`; clips are (B, 2, 3, T, H, W)."""
        return self.contrast(self.queries(network, clips[:, 0]), self.keys(clips[:, 1]))
