"""TCLR: clips of a video find each other; at another time they are negatives; times of a long clip match short clips.

Dave et al., TCLR: temporal contrastive learning for video representation, Computer Vision and Image Understanding 2022.
The losses follow the paper and the official code, which adds up terms; here every loss is a mean of its terms. The
paper changes the network so that a map has four time steps; here a map of 16 frames has two, and so there are two short
clips.
"""

from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start
from cmvl_mm.models.projection import ProjectionMLP

from .encode import Network, PretextHead
from .instance import nt_xent
from .recognizer import Labels
from .samples import require_room, take


def short_and_long(
    rng: np.random.Generator, num_frames: int, shorts: int, clip_len: int, frame_interval: int
) -> np.ndarray:
    """(shorts + 1, clip_len) frames: successive short clips, and a long clip with a larger stride over all of them."""
    long_interval = shorts * frame_interval
    start = random_start(rng, num_frames, clip_span(clip_len * shorts, frame_interval))
    short = [clip_at(start + n * clip_len * frame_interval, clip_len, frame_interval) for n in range(shorts)]
    return np.stack([*short, clip_at(start, clip_len, long_interval)])


@TRANSFORMS.register_module()
class SampleTCLR:
    """Short clips and the long clip over them, each twice, so that each has two draws of crop and colours.

    Args:
        shorts: number of short clips; 4 in the paper.
        clip_len, frame_interval: length and stride of the short clips.
    """

    def __init__(self, shorts: int = 2, clip_len: int = 16, frame_interval: int = 2) -> None:
        self.shorts, self.clip_len, self.frame_interval = shorts, clip_len, frame_interval
        self.span = clip_span(clip_len * shorts, frame_interval)

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, self.span, 'TCLR')
        clips = short_and_long(sample['rng'], num_frames, self.shorts, self.clip_len, self.frame_interval)
        return take(sample, np.concatenate([clips, clips]))


def any_time(clips: Tensor, temperature: float) -> Tensor:
    """Instance contrast between any two clips of a video, each pair against the same pair of other videos.

    Args:
        clips: (B, K, D) of length 1: all draws of all short clips.
        temperature: temperature of the softmax.

    Returns:
        The mean of `nt_xent` over all K (K - 1) / 2 pairs.
    """
    pairs = [nt_xent(first, second, temperature)[0] for first, second in combinations(clips.unbind(1), 2)]
    return torch.stack(pairs).mean()


def same_time(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Within each video, a clip finds the other draw of its time step among both draws of all time steps.

    Args:
        first, second: (B, L, D) of length 1.

    Returns:
        The mean cross-entropy over the 2 L clips of all videos, and the share of clips that are found.
    """
    shorts = first.shape[1]
    clips = torch.cat([first, second], dim=1)
    scores = clips @ clips.transpose(1, 2) / temperature  # (B, 2 L, 2 L)
    itself = torch.eye(2 * shorts, dtype=torch.bool, device=clips.device)
    scores = scores.masked_fill(itself, -torch.inf).flatten(0, 1)
    other = torch.arange(2 * shorts, device=clips.device).roll(shorts).repeat(len(first))
    return F.cross_entropy(scores, other), (scores.argmax(1) == other).float().mean()


def time_of_long(long: Tensor, short: Tensor, temperature: float) -> Tensor:
    """Within each video, each time step of the long clip finds its short clip, and the short clip its time step.

    Args:
        long, short: (B, L, D) of length 1.
    """
    scores = (long @ short.transpose(1, 2) / temperature).flatten(0, 1)
    back = (short @ long.transpose(1, 2) / temperature).flatten(0, 1)
    own = torch.arange(long.shape[1], device=long.device).repeat(len(long))
    return (F.cross_entropy(scores, own) + F.cross_entropy(back, own)) / 2


@MODELS.register_module()
class TCLRHead(PretextHead):
    """Instance contrast of the long clips and of the short clips, and both temporal losses.

    Args:
        in_channels: C of the network's last map.
        shorts: number of short clips, equal to the time steps of a clip's map.
        hidden_channels, embed_channels: widths of the projection.
        temperature: temperature of all softmaxes.

    Clips through the network: 2 (shorts + 1) per video.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        shorts: int = 2,
        hidden_channels: int = 512,
        embed_channels: int = 128,
        temperature: float = 0.1,
    ) -> None:
        super().__init__()
        self.shorts, self.temperature = shorts, temperature
        self.projection = ProjectionMLP(
            in_channels, hidden_channels=hidden_channels, out_channels=embed_channels, output_norm='none'
        )

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_instance`, `loss_any_time`, `loss_same_time`, `loss_time_of_long`, `acc_instance` and `acc_same_time`.

        Clips are (B, 2 (shorts + 1), 3, T, H, W).

        Raises:
            ValueError: the number of time steps of a clip's map differs from the number of short clips.
        """
        features = network(clips.flatten(0, 1))
        video_map = features.last_map('model.pretext_head', instead='another method')
        if video_map.shape[2] != self.shorts:
            raise ValueError(
                f'the map of a clip has {video_map.shape[2]} times, but there are {self.shorts} short clips. '
                f'Remedy: set shorts={video_map.shape[2]} in stage and head.'
            )
        times = video_map.mean((3, 4)).transpose(1, 2)  # (B * 2 (L + 1), L, C)
        rows = torch.cat([times.mean(1, keepdim=True), times], dim=1)  # whole clips first
        embedded = F.normalize(self.projection(rows).float(), dim=2)
        embedded = embedded.unflatten(0, (len(clips), 2, self.shorts + 1))  # (B, draw, clip, 1 + L, D)
        whole, of_times = embedded[..., 0, :], embedded[..., 1:, :]
        short, long = whole[:, :, :-1], whole[:, :, -1]
        instance, hits = nt_xent(long[:, 0], long[:, 1], self.temperature)
        same, same_hits = same_time(short[:, 0], short[:, 1], self.temperature)
        of_long = torch.stack([time_of_long(of_times[:, n, -1], short[:, n], self.temperature) for n in range(2)])
        return dict(
            loss_instance=instance,
            loss_any_time=any_time(short.flatten(1, 2), self.temperature),
            loss_same_time=same,
            loss_time_of_long=of_long.mean(),
            acc_instance=hits,
            acc_same_time=same_hits,
        )
