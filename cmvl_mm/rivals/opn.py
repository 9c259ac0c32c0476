"""OPN: in which order, up to reversal, are four frames shown?

Lee et al., Unsupervised representation learning by sorting sequences, ICCV 2017. Classes, head and the measures
against shortcuts follow the official code, which reads the motion weights of its tuples from a file. The distance
between frames is unverified.
"""

import numpy as np
from mmaction.registry import MODELS, TRANSFORMS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.datasets.frame_choice import Sample

from .encode import Network, PretextHead, classified, encode_all, still_clips
from .moving_window import read_moving_start
from .orders import PairOrderClassifier, orders_up_to_reversal
from .recognizer import Labels
from .samples import require_room, take

FRAMES = 4
ORDERS = orders_up_to_reversal(FRAMES)


def sorted_frames(rng: np.random.Generator, start: int, min_gap: int, max_gap: int) -> tuple[np.ndarray, int]:
    """(4,) frames at equal distances in a random order, and its label; an order and its reversal share a label.

    Place i shows frame `ORDERS[label][i]`, counted from the start or from the end.
    """
    frames = start + np.arange(FRAMES) * int(rng.integers(min_gap, max_gap + 1))
    label = int(rng.integers(len(ORDERS)))
    shown = frames[ORDERS[label]]
    return shown[::-1] if rng.random() < 0.5 else shown, label


@TRANSFORMS.register_module()
class SampleOPN:
    """Four frames of a window with much motion, in a random order.

    Args:
        min_gap, max_gap: range of the distance between successive frames, in frames of the video.
    """

    def __init__(self, min_gap: int = 5, max_gap: int = 15) -> None:
        if not 1 <= min_gap <= max_gap:
            raise ValueError(f'min_gap={min_gap} and max_gap={max_gap} must be ascending and at least 1')
        self.min_gap, self.max_gap = min_gap, max_gap
        self.span = (FRAMES - 1) * max_gap + 1

    def __call__(self, sample: Sample) -> Sample:
        require_room(sample['video'].num_frames, self.span, 'OPN')
        start = read_moving_start(sample, self.span)
        frames, label = sorted_frames(sample['rng'], start, self.min_gap, self.max_gap)
        return take(sample, frames[:, None], dict(order=label))


@MODELS.register_module()
class OPNHead(PretextHead):
    """Predict the order of four frames from the features of all pairs.

    Args:
        in_channels: C of the network's last map.
        width: width of the layer that all pairs share, which ends with a batch norm.
        dropout: rate before the classifier.
        still_len: frames of the clip that represents a frame, see `still_clips`.

    Clips through the network: 4 still clips per video.
    """

    def __init__(self, *, in_channels: int, width: int = 512, dropout: float = 0.5, still_len: int = 16) -> None:
        super().__init__()
        self.still_len = still_len
        self.order = PairOrderClassifier(
            in_channels, items=FRAMES, classes=len(ORDERS), width=width, norm=True, dropout=dropout
        )

    def frames_through(self, frames: int) -> int:
        return frames * self.still_len

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_order` and `acc_order`; clips are the frames (B, 4, 3, 1, H, W)."""
        features = encode_all(network, still_clips(clips, self.still_len))
        return classified(self.order(features), labels['order'], 'order')
