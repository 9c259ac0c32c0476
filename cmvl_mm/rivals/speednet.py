"""SpeedNet: does the clip run at its normal speed, or sped up?

Benaim et al., SpeedNet: learning the speediness in videos, CVPR 2020. There is no official code: everything here
follows common descriptions of the paper and is unverified.
"""

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import random_start

from .encode import Network, PretextHead
from .recognizer import Labels
from .samples import require_room, take


def skipping_frames(rng: np.random.Generator, start: int, clip_len: int, stride: float) -> np.ndarray:
    """(clip_len,) frames whose strides are the whole numbers next to `stride`; their order is random.

    The mean of the strides is `stride`, up to half a frame in total.
    """
    steps = np.full(clip_len - 1, int(stride))
    longer = round((clip_len - 1) * (stride % 1))
    steps[rng.permutation(clip_len - 1)[:longer]] += 1
    return start + np.concatenate([[0], np.cumsum(steps)])


def longest_span(clip_len: int, frame_interval: int, factor: float) -> int:
    """Largest number of frames that a clip spans."""
    return int(np.ceil((clip_len - 1) * frame_interval * factor)) + 1


def normal_and_fast(
    rng: np.random.Generator,
    num_frames: int,
    clip_len: int,
    frame_interval: int,
    normal: tuple[float, float],
    fast: tuple[float, float],
) -> np.ndarray:
    """(2, clip_len) frames of a clip at normal speed and a sped-up clip, each with its own factor and position.

    Both positions leave room for the longest clip, so that a position reveals no speed.
    """
    span = longest_span(clip_len, frame_interval, max(*normal, *fast))
    clips = []
    for low, high in (normal, fast):
        stride = frame_interval * rng.uniform(low, high)
        clips.append(skipping_frames(rng, random_start(rng, num_frames, span), clip_len, stride))
    return np.stack(clips)


@TRANSFORMS.register_module()
class SampleSpeedNet:
    """Two clips of the video: at normal speed, and sped up.

    Args:
        clip_len: 64 in the paper.
        frame_interval: frames of the video per frame at speed 1.
        normal, fast: smallest and largest factor.
    """

    def __init__(
        self,
        clip_len: int = 64,
        frame_interval: int = 1,
        normal: tuple[float, float] = (1.0, 1.2),
        fast: tuple[float, float] = (1.7, 2.2),
    ) -> None:
        self.clip_len, self.frame_interval = clip_len, frame_interval
        self.normal, self.fast = (normal[0], normal[1]), (fast[0], fast[1])
        self.span = longest_span(clip_len, frame_interval, max(*normal, *fast))

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, self.span, 'SpeedNet')
        clips = normal_and_fast(sample['rng'], num_frames, self.clip_len, self.frame_interval, self.normal, self.fast)
        return take(sample, clips)


def spatial_max_temporal_mean(video_map: Tensor) -> Tensor:
    """Pool (N, C, T, H, W) -> (N, C)."""
    return video_map.amax((3, 4)).mean(2)


@MODELS.register_module()
class SpeedNetHead(PretextHead):
    """Classify normal or sped up; both versions of a video are in one batch, at an input size drawn for each step.

    Args:
        in_channels: C of the network's last map.
        sizes: smallest and largest edge of the input, in pixels; 64 to 336 in the paper. Torch draws the size.

    Clips through the network: 2 per video.
    """

    def __init__(self, *, in_channels: int, sizes: tuple[int, int] = (64, 336)) -> None:
        super().__init__()
        if not 1 <= sizes[0] <= sizes[1]:
            raise ValueError(f'sizes={sizes} must be two ascending edges in pixels')
        self.sizes = (sizes[0], sizes[1])
        self.fc = nn.Linear(in_channels, 1)

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_speed` and `acc_speed`; clips are (B, 2, 3, T, H, W), the second of each pair sped up."""
        size = int(torch.randint(self.sizes[0], self.sizes[1] + 1, ()))
        both = clips.flatten(0, 1)  # (2 B, 3, T, H, W)
        resized = F.interpolate(both, (both.shape[2], size, size), mode='trilinear')
        video_map = network(resized).last_map('model.pretext_head', instead='another method')
        scores = self.fc(spatial_max_temporal_mean(video_map)).squeeze(1).float()
        fast = torch.tensor([0.0, 1.0], device=scores.device).repeat(len(clips))
        return {
            'loss_speed': F.binary_cross_entropy_with_logits(scores, fast),
            'acc_speed': ((scores > 0) == (fast > 0)).float().mean(),
        }
