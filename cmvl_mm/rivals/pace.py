"""PacePred: at which stride were the frames of the clip taken?

Wang et al., Self-supervised video representation learning by pace prediction, ECCV 2020. Only the classification, as
in the official code; the paper adds a contrastive term that the code does not have.
"""

from collections.abc import Sequence

import numpy as np
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, clip_span, random_start

from .encode import Network, PretextHead, classified, encode_all
from .recognizer import Labels
from .samples import require_room, take


def paced_frames(
    rng: np.random.Generator, num_frames: int, clip_len: int, paces: Sequence[int]
) -> tuple[np.ndarray, int]:
    """(1, clip_len) frames at one of the strides, drawn uniformly, and the position of this stride in `paces`."""
    label = int(rng.integers(len(paces)))
    start = random_start(rng, num_frames, clip_span(clip_len, paces[label]))
    return clip_at(start, clip_len, paces[label])[None], label


@TRANSFORMS.register_module()
class SamplePace:
    """One clip at a random stride. Every video has room for the largest stride, so that length reveals no stride.

    Args:
        clip_len: 16.
        paces: the strides; 1, 2, 3, 4 in the official code, which continues at frame 1 past a video's end.
    """

    def __init__(self, clip_len: int = 16, paces: Sequence[int] = (1, 2, 3, 4)) -> None:
        self.clip_len, self.paces = clip_len, tuple(paces)

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, clip_span(self.clip_len, max(self.paces)), 'PacePred')
        clips, label = paced_frames(sample['rng'], num_frames, self.clip_len, self.paces)
        return take(sample, clips, dict(pace=label))


@MODELS.register_module()
class PaceHead(PretextHead):
    """Classify the stride.

    Args:
        in_channels: C of the network's last map.
        num_paces: number of strides.

    Clips through the network: 1 per video.
    """

    def __init__(self, *, in_channels: int, num_paces: int = 4) -> None:
        super().__init__()
        self.classify = nn.Linear(in_channels, num_paces)

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_pace` and `acc_pace`; clips are (B, 1, 3, T, H, W)."""
        return classified(self.classify(encode_all(network, clips).squeeze(1)), labels['pace'], 'pace')
