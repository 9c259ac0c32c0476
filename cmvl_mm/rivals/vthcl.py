"""VTHCL: slow and fast samples of a video match, at two depths of the network.

Yang et al., Video representation learning with visual tempo consistency, 2020. The official repository holds no code:
everything here follows common descriptions of the paper and is unverified. Negatives are the other videos of the batch,
not a memory bank: a bank has one entry a video, as old as an epoch, and few epochs pass at evidence size.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start
from cmvl_mm.models.feature_maps import CLIPS, extract
from cmvl_mm.models.head_parts import build
from cmvl_mm.models.projection import ProjectionMLP

from .encode import Network, PretextHead
from .instance import across
from .recognizer import Labels
from .samples import require_room, take


def tempo_frames(
    rng: np.random.Generator, num_frames: int, slow: tuple[int, int], fast: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Frames of a slow and of a fast clip (length, stride) that begin at the same random place."""
    start = random_start(rng, num_frames, max(clip_span(*slow), clip_span(*fast)))
    return clip_at(start, *slow), clip_at(start, *fast)


@TRANSFORMS.register_module()
class SampleTempos:
    """The same stretch of the video as a slow and a fast clip, concatenated in one row.

    Args:
        slow, fast: length and stride, 8 x 8 and 32 x 2.
    """

    def __init__(self, slow: tuple[int, int] = (8, 8), fast: tuple[int, int] = (32, 2)) -> None:
        self.slow, self.fast = (slow[0], slow[1]), (fast[0], fast[1])
        self.span = max(clip_span(*self.slow), clip_span(*self.fast))

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, self.span, 'VTHCL')
        slow, fast = tempo_frames(sample['rng'], num_frames, self.slow, self.fast)
        sample['clip_lengths'] = (len(slow), len(fast))
        return take(sample, np.concatenate([slow, fast])[None])


@MODELS.register_module()
class VTHCLHead(PretextHead):
    """Contrast between the tempos, in both directions and at every depth; the recognizer's network sees the slow clip.

    Args:
        in_channels: C of the compared maps, with the last map last; both networks must return as many maps.
        fast_network: network for the fast clip.
        slow_frames: frames of the slow clip, which come first.
        hidden_channels, embed_channels: widths of the projections, one for each tempo and depth.
        temperature: temperature of the softmax.

    Frames through the networks: 8 and 32 per video as published.
    """

    def __init__(
        self,
        *,
        in_channels: Sequence[int],
        fast_network: dict[str, Any] | nn.Module,
        slow_frames: int = 8,
        hidden_channels: int = 512,
        embed_channels: int = 128,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        self.slow_frames, self.temperature = slow_frames, temperature
        self.fast_network = build(fast_network)
        self.slow_projections, self.fast_projections = (
            nn.ModuleList(
                ProjectionMLP(
                    channels, hidden_channels=hidden_channels, out_channels=embed_channels, output_norm='none'
                )
                for channels in in_channels
            )
            for _ in range(2)
        )

    def frames_with_gradient(self, frames: int) -> int:
        """The fast clip passes another network."""
        return self.slow_frames

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_tempo_<depth>` and `acc_tempo_<depth>`, 1 for the last map; clips are (B, 1, 3, slow + fast, H, W).

        Raises:
            ValueError: a network returns fewer maps than there are depths.
        """
        slow, fast = clips.squeeze(1).split([self.slow_frames, clips.shape[3] - self.slow_frames], dim=2)
        depths = len(self.slow_projections)
        slow_maps = network(slow.contiguous()).maps
        fast_maps = extract(self.fast_network, fast.contiguous(), CLIPS, 'model.pretext_head.fast_network').maps
        if min(len(slow_maps), len(fast_maps)) < depths:
            raise ValueError(
                f'{depths} depths are compared, but the networks return {len(slow_maps)} and {len(fast_maps)} maps. '
                'Remedy: set out_indices=(2, 3) in both.'
            )
        losses: dict[str, Tensor] = {}
        for depth in range(depths):
            place = depths - depth
            a = _compared(self.slow_projections[depth], slow_maps[-place])
            b = _compared(self.fast_projections[depth], fast_maps[-place])
            to_fast, hits = across(a, b, self.temperature)
            to_slow, _ = across(b, a, self.temperature)
            losses |= {f'loss_tempo_{place}': to_fast + to_slow, f'acc_tempo_{place}': hits}
        return losses


def _compared(projection: nn.Module, video_map: Tensor) -> Tensor:
    """Map (B, C, T, H, W) -> embedding (B, D) of length 1."""
    return F.normalize(projection(video_map.mean((2, 3, 4))).float(), dim=1)
