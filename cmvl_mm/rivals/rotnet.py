"""3D-RotNet: by which of four rotations was the whole clip rotated?

Jing et al., Self-supervised spatiotemporal feature learning via video rotation prediction, arXiv:1811.11387.
Sampling and batches follow the official code. Its stated and its used learning rate differ, so the rate is unknown.
"""

import numpy as np
import torch
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start

from .encode import Network, PretextHead, classified
from .recognizer import Labels
from .samples import require_room, take

TURNS = 4


def turned(clips: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 3, T, H, H) -> (4 B, 3, T, H, H), (4 B,): all clips rotated by 0, then 90, 180, 270 degrees anticlockwise.

    Raises:
        ValueError: the pictures are not square.
    """
    if clips.shape[3] != clips.shape[4]:
        raise ValueError(f'clips must be square to be rotated, got {tuple(clips.shape)}')
    labels = torch.arange(TURNS, device=clips.device).repeat_interleave(len(clips))
    return torch.cat([clips.rot90(turn, (3, 4)) for turn in range(TURNS)]), labels


def rotation_frames(rng: np.random.Generator, num_frames: int, clip_len: int, frame_interval: int) -> np.ndarray:
    """(1, clip_len) frames of one clip at a random position."""
    start = random_start(rng, num_frames, clip_span(clip_len, frame_interval))
    return clip_at(start, clip_len, frame_interval)[None]


@TRANSFORMS.register_module()
class SampleRotNet:
    """One clip at a random position; the head rotates it.

    Args:
        clip_len, frame_interval: 16 x 2 in the official code.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 2) -> None:
        self.clip_len, self.frame_interval = clip_len, frame_interval

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, clip_span(self.clip_len, self.frame_interval), '3D-RotNet')
        return take(sample, rotation_frames(sample['rng'], num_frames, self.clip_len, self.frame_interval))


@MODELS.register_module()
class RotNetHead(PretextHead):
    """Four-way classification; all four rotations of a clip are in one batch.

    Args:
        in_channels: C of the network's last map.

    Clips through the network: 4 per video.
    """

    def __init__(self, *, in_channels: int) -> None:
        super().__init__()
        self.classify = nn.Linear(in_channels, TURNS)

    def frames_through(self, frames: int) -> int:
        return TURNS * frames

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_rotation` and `acc_rotation`; clips are (B, 1, 3, T, H, H)."""
        rotated, turn = turned(clips.squeeze(1))
        return classified(self.classify(network(rotated).pooled()), turn, 'rotation')
