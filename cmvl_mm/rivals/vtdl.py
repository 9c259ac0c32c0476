"""VTDL: the positive is the clip with a static frame mixed in, the negative another segment of its video.

Wang et al., Self-supervised temporal-discriminative representation learning for video action recognition, 2020.
Triplet, queue, settings and encoders follow the official code: the trained network sees the negative.
"""

import torch
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_span

from .encode import Network
from .momentum import MomentumContrastHead
from .recognizer import Labels
from .samples import require_room, take
from .segments import anchor_twin_and_other

MOST_MIXED = 0.1


@TRANSFORMS.register_module()
class SampleVTDL:
    """A clip, the same frames again, and a segment at least a third of the video away; a static frame and its weight.

    The static frame is a frame of the first clip: a frame of another clip would show the query its key's crop and hue.

    Args:
        clip_len, frame_interval: 16 x 4.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 4) -> None:
        self.clip_len, self.frame_interval = clip_len, frame_interval
        self.span = clip_span(clip_len, frame_interval)

    def __call__(self, sample: Sample) -> Sample:
        num_frames, rng = sample['video'].num_frames, sample['rng']
        away = -(-num_frames // 3)
        require_room(num_frames, self.span + away, 'VTDL')
        clips = anchor_twin_and_other(rng, num_frames, self.clip_len, self.frame_interval, away)
        static, weight = int(rng.integers(self.clip_len)), rng.uniform(0, MOST_MIXED)
        return take(sample, clips, dict(static=static, weight=weight))


def with_static_frame(clips: Tensor, static: Tensor, weight: Tensor) -> Tensor:
    """(B, 3, T, H, W) -> the same shape: mix one frame of each clip into all its frames.

    Args:
        clips: one clip of each video.
        static: (B,) number of the frame in the clip.
        weight: (B,) weight of the frame.
    """
    chosen = clips[torch.arange(len(clips), device=clips.device), :, static].unsqueeze(2)  # (B, 3, 1, H, W)
    share = weight.to(clips.dtype)[:, None, None, None, None]
    return (1 - share) * clips + share * chosen


@MODELS.register_module()
class VTDLHead(MomentumContrastHead):
    """The mixed anchor finds the plain clip among the queue and a distant segment of its own video.

    The arguments are those of `MomentumContrastHead`; the official queue is 5000 on UCF101. Clips through the network:
    3 per video, one of them through the copy.
    """

    clips = 3

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_instance` and `acc_instance`; clips are (B, 3, 3, T, H, W)."""
        anchors = with_static_frame(clips[:, 0], labels['static'], labels['weight'])
        query, own = self.queries(network, torch.cat([anchors, clips[:, 2]])).chunk(2)
        return self.contrast(query, self.keys(clips[:, 1]), own[:, None])
