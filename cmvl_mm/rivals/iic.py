"""IIC: two views of a clip find each other; the clip with broken temporal order is a negative of its own video.

Tao et al., Self-supervised video representation learning using inter-intra contrastive framework, ACM MM 2020. As in
the official code, the views are the pictures and the differences between successive frames, and one network sees both.
Negatives are from the batch; the official code has a memory bank with an entry a video, and no projection.
"""

import numpy as np
import torch
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start
from cmvl_mm.models.losses import pointwise_info_nce
from cmvl_mm.models.projection import ProjectionMLP

from .encode import Network, PretextHead, encode_all
from .recognizer import Labels
from .samples import require_room, take


def broken_time(rng: np.random.Generator, clip_len: int) -> np.ndarray:
    """(clip_len,) positions in the clip: one frame repeated, or all frames in another order, with equal probability.

    Raises:
        ValueError: the clip has one frame and so no other order.
    """
    if clip_len < 2:
        raise ValueError(f'clip_len={clip_len} must be at least 2 to change the order of frames')
    if rng.random() < 0.5:
        return np.full(clip_len, rng.integers(clip_len))
    order = rng.permutation(clip_len)
    while (np.diff(order) == 1).all():
        order = rng.permutation(clip_len)
    return order


@TRANSFORMS.register_module()
class SampleIIC:
    """A clip with one additional frame, for the differences, and a broken order of its frames.

    Args:
        clip_len, frame_interval: length and stride of the clip that the network sees.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 1) -> None:
        self.clip_len, self.frame_interval = clip_len, frame_interval
        self.span = clip_span(clip_len + 1, frame_interval)

    def __call__(self, sample: Sample) -> Sample:
        num_frames, rng = sample['video'].num_frames, sample['rng']
        require_room(num_frames, self.span, 'IIC')
        frames = clip_at(random_start(rng, num_frames, self.span), self.clip_len + 1, self.frame_interval)
        return take(sample, frames[None], dict(broken=broken_time(rng, self.clip_len)))


def three_views(clips: Tensor, broken: Tensor) -> Tensor:
    """(B, 3, T + 1, H, W), (B, T) -> (B, 3, 3, T, H, W): pictures, differences, pictures in broken order."""
    pictures = clips[:, :, :-1]
    places = broken[:, None, :, None, None].expand_as(pictures)
    return torch.stack([pictures, clips.diff(dim=2), pictures.gather(2, places)], dim=1)


@MODELS.register_module()
class IICHead(PretextHead):
    """Pictures find their differences, and differences their pictures, among the batch and the broken clips.

    Args:
        in_channels: C of the network's last map.
        hidden_channels, embed_channels: widths of the projection.
        temperature: temperature of the softmax.

    Clips through the network: 3 per video.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        hidden_channels: int = 512,
        embed_channels: int = 128,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.projection = ProjectionMLP(
            in_channels, hidden_channels=hidden_channels, out_channels=embed_channels, output_norm='none'
        )

    def frames_through(self, frames: int) -> int:
        return 3 * (frames - 1)

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_views` and `acc_views`; clips are (B, 1, 3, T + 1, H, W)."""
        views = three_views(clips.squeeze(1), labels['broken'])
        pictures, differences, broken = self.projection(encode_all(network, views)).unsqueeze(2).unbind(1)  # (B, 1, D)
        there, hits = pointwise_info_nce(pictures, torch.stack([differences, broken], 1), self.temperature)
        back, _ = pointwise_info_nce(differences, torch.stack([pictures, broken], 1), self.temperature)
        return dict(loss_views=there + back, acc_views=hits.float().mean())
