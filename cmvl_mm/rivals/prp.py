"""PRP: which sampling step made the clip, and how do its frames continue at twice the rate?

Yao et al., Video playback rate perception for self-supervised spatio-temporal representation learning, CVPR 2020.
Task, loss and weights follow the official code, in its units: pictures of 0 ... 1. The decoder is our own, see
`RateDecoder`.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import random_start
from cmvl_mm.models.preprocessor import STD

from .encode import Network, PretextHead, classified
from .recognizer import Labels
from .samples import require_room, take

PIECE = 16  # frames over which a weight map is made
LOWEST, HIGHEST = 0.8, 2.0  # weights


def playback_frames(start: int, clip_len: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """The target at twice the rate: (2 * clip_len,) frames, and a mask of those that exist.

    Every second frame, from the first on, is a frame of the clip. At step 1 no frames lie between them: the others
    repeat the frame before them as placeholders and carry no loss.
    """
    frames = start + np.arange(2 * clip_len) * step // 2
    there = np.ones(2 * clip_len, dtype=bool)
    if step == 1:
        there[1::2] = False
    return frames, there


def playback_span(clip_len: int, step: int) -> int:
    """Number of frames that clip and target span."""
    return int(playback_frames(0, clip_len, step)[0][-1]) + 1


@TRANSFORMS.register_module()
class SamplePRP:
    """The frames of the target; every second one is the clip. Every video has room for the largest step.

    Args:
        clip_len: 16.
        steps: 1, or even numbers.

    Raises:
        ValueError: an odd step has no middle between two of its frames.
    """

    def __init__(self, clip_len: int = 16, steps: Sequence[int] = (1, 2, 4, 8)) -> None:
        if any(step < 1 or (step > 1 and step % 2) for step in steps):
            raise ValueError(f'steps={tuple(steps)}: each must be 1 or even, so that two frames have a middle frame')
        self.clip_len, self.steps = clip_len, tuple(steps)
        self.span = playback_span(clip_len, max(self.steps))

    def __call__(self, sample: Sample) -> Sample:
        num_frames, rng = sample['video'].num_frames, sample['rng']
        require_room(num_frames, self.span, 'PRP')
        label = int(rng.integers(len(self.steps)))
        start = random_start(rng, num_frames, playback_span(self.clip_len, self.steps[label]))
        frames, there = playback_frames(start, self.clip_len, self.steps[label])
        return take(sample, frames[None], dict(step=label, there=there))


@torch.no_grad()
def motion_weights(target: Tensor) -> Tensor:
    """(B, 3, T, H, W), T a multiple of 16 -> (B, 1, T, H, W): 0.8 at the least motion of a piece, 2 at the most.

    Squared differences of frames 0, 5, 10, 15 of each piece of 16 are averaged over windows of all three differences
    and a quarter of the edge, at a stride of a sixteenth of the edge; then scaled, and upsampled trilinearly.
    """
    pieces = target.unflatten(2, (-1, PIECE)).transpose(1, 2).flatten(0, 1)  # (B * pieces, 3, 16, H, W)
    height, width = target.shape[3:]
    change = pieces[:, :, ::5].diff(dim=2).square().mean(1, keepdim=True)  # (B * pieces, 1, 3, H, W)
    window, stride = (3, height // 4, width // 4), (3, max(1, height // 16), max(1, width // 16))
    pooled = F.avg_pool3d(change, window, stride)
    low, high = pooled.amin((2, 3, 4), keepdim=True), pooled.amax((2, 3, 4), keepdim=True)
    scaled = LOWEST + (HIGHEST - LOWEST) * (pooled - low) / (high - low).clamp_min(1e-12)
    weights = F.interpolate(scaled, (PIECE, height, width), mode='trilinear')
    return weights.unflatten(0, (len(target), -1)).transpose(1, 2).flatten(2, 3)


def weighted_squares(rebuilt: Tensor, target: Tensor, there: Tensor) -> Tensor:
    """Mean of weight times squared difference over the existing frames of all videos, `there` (B, T) bool."""
    squares = (motion_weights(target) * (rebuilt - target).square()).mean((1, 3, 4))  # (B, T)
    return (squares * there).sum() / there.sum()


class RateDecoder(nn.Module):
    """Last map -> frames: four times a 3x3x3 convolution, batch norm, ReLU and upsampling, then a convolution.

    The official decoder mirrors its three backbones layer by layer; this decoder takes any map.

    Args:
        in_channels: C of the map.
        width: channels after the first convolution; each further one has half as many.

    Shape: (B, C, T, H, W) and the output size (T', H', W') -> (B, 3, T', H', W').
    """

    STEPS = 4

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        widths = [in_channels, *(max(width >> step, 4) for step in range(self.STEPS))]
        self.convolutions = nn.ModuleList(
            nn.Conv3d(before, after, 3, padding=1, bias=False) for before, after in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm3d(channels) for channels in widths[1:])
        self.colours = nn.Conv3d(widths[-1], 3, 3, padding=1)

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        begin = x.shape[2:]
        for step, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True), start=1):
            grown = [round(a * (b / a) ** (step / self.STEPS)) for a, b in zip(begin, size, strict=True)]
            x = F.interpolate(norm(convolution(x)).relu(), grown, mode='trilinear')
        return self.colours(x)


@MODELS.register_module()
class PRPHead(PretextHead):
    """Classify the step and reconstruct the frames.

    Args:
        in_channels: C of the network's last map.
        num_steps: number of steps.
        width: width of the decoder.
        class_weight: weight of the cross-entropy relative to the squares, 0.1 in the official code.
        std: `std` of the data preprocessor, by which the pictures were divided. The squares are of values in 0 ... 1,
            as in the official code. With normalised pictures they are 19 times as large, and the class counts 19 times
            less.

    Clips through the network: 1 per video, plus the decoder.
    """

    share_of_range: Tensor

    def __init__(
        self,
        *,
        in_channels: int,
        num_steps: int = 4,
        width: int = 256,
        class_weight: float = 0.1,
        std: Sequence[float] = STD,
    ) -> None:
        super().__init__()
        self.class_weight = class_weight
        self.register_buffer('share_of_range', torch.tensor(std).view(3, 1, 1, 1) / 255, persistent=False)
        self.classify = nn.Linear(in_channels, num_steps)
        self.decoder = RateDecoder(in_channels, width)

    def frames_through(self, frames: int) -> int:
        return frames // 2

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_rebuilt`, `loss_step` and `acc_step`; clips are the targets (B, 1, 3, 2 T, H, W)."""
        target = clips.squeeze(1)
        features = network(target[:, :, ::2].contiguous())
        video_map = features.last_map('model.pretext_head', instead='another method')
        rebuilt = self.decoder(video_map, target.shape[2:])
        losses = classified(self.classify(features.pooled()), labels['step'], 'step', self.class_weight)
        # in 0 ... 1, except for the mean colour, which is in both
        seen, made = target * self.share_of_range, rebuilt.float() * self.share_of_range
        return dict(loss_rebuilt=weighted_squares(made, seen, labels['there']), **losses)
