"""VCOP: in which order are three clips of the video shown?

Xu et al., Self-supervised spatiotemporal learning via video clip order prediction, CVPR 2019. Sampling, head and
settings follow the official code. Its frames share a crop by a seed that current versions of torchvision ignore; here
the crop is drawn once per clip.
"""

import numpy as np
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, random_start

from .encode import Network, PretextHead, classified, encode_all
from .orders import PairOrderClassifier, all_orders
from .recognizer import Labels
from .samples import consecutive_span, consecutive_starts, require_room, take

CLIPS = 3
ORDERS = all_orders(CLIPS)


def shuffled_clips(
    rng: np.random.Generator, num_frames: int, clip_len: int, frame_interval: int, gap: int
) -> tuple[np.ndarray, int]:
    """(3, clip_len) frames of three successive clips in a random order, and the label of the order.

    Place i shows clip `ORDERS[label][i]`.
    """
    start = random_start(rng, num_frames, consecutive_span(CLIPS, clip_len, frame_interval, gap))
    starts = consecutive_starts(start, CLIPS, clip_len, frame_interval, gap)
    label = int(rng.integers(len(ORDERS)))
    return np.stack([clip_at(int(starts[clip]), clip_len, frame_interval) for clip in ORDERS[label]]), label


@TRANSFORMS.register_module()
class SampleVCOP:
    """Three clips in a random order.

    Args:
        clip_len, frame_interval, gap: 16 consecutive frames and 8 frames between clips: 64 frames of the video.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 1, gap: int = 8) -> None:
        self.clip_len, self.frame_interval, self.gap = clip_len, frame_interval, gap
        self.span = consecutive_span(CLIPS, clip_len, frame_interval, gap)

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, self.span, 'VCOP')
        clips, label = shuffled_clips(sample['rng'], num_frames, self.clip_len, self.frame_interval, self.gap)
        return take(sample, clips, dict(order=label))


@MODELS.register_module()
class VCOPHead(PretextHead):
    """Predict the order of three clips from the features of all pairs.

    Args:
        in_channels: C of the network's last map.
        width: width of the layer that all pairs share.
        dropout: rate before the classifier.

    Clips through the network: 3 per video.
    """

    def __init__(self, *, in_channels: int, width: int = 512, dropout: float = 0.5) -> None:
        super().__init__()
        self.order = PairOrderClassifier(in_channels, items=CLIPS, classes=len(ORDERS), width=width, dropout=dropout)

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_order` and `acc_order`; clips are (B, 3, 3, T, H, W)."""
        return classified(self.order(encode_all(network, clips)), labels['order'], 'order')
