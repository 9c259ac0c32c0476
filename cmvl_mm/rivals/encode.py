"""Several clips a video through the network, and the loss of a classification: what most heads need."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from cmvl_mm.models.feature_maps import Features

Network = Callable[[Tensor], Features]
"""(N, 3, T, H, W) -> what the V-Network makes of the clips."""


class PretextHead(nn.Module):
    """What heads of pretext tasks share: how many frames pass the network, by which methods are compared."""

    def frames_through(self, frames: int) -> int:
        """Frames of a video that pass the network or a copy of it in a step, of so many that its stage takes."""
        return frames


def encode_all(network: Network, clips: Tensor) -> Tensor:
    """(B, K, 3, T, H, W) -> (B, K, C), the averages of their last maps, in one pass."""
    return network(clips.flatten(0, 1)).pooled().unflatten(0, clips.shape[:2])


def still_clips(frames: Tensor, length: int) -> Tensor:
    """Frames as clips in which nothing moves: (B, K, 3, 1, H, W) -> (B, K, 3, length, H, W).

    Methods of frames were made for 2D networks. On a network of clips a frame is a clip of `length` equal frames, so
    that it costs as much as any clip, and the network's filters over time see what they see in tests.

    Raises:
        ValueError: the clips have more than one frame already.
    """
    if frames.shape[3] != 1:
        raise ValueError(f'frames must be (B, K, 3, 1, H, W), got {tuple(frames.shape)}. Remedy: clips of one frame.')
    return frames.expand(-1, -1, -1, length, -1, -1)


def classified(scores: Tensor, labels: Tensor, name: str, weight: float = 1.0) -> dict[str, Tensor]:
    """(N, classes), (N,) -> `loss_<name>`, the cross-entropy times `weight`, and `acc_<name>`."""
    return {
        f'loss_{name}': weight * F.cross_entropy(scores.float(), labels),
        f'acc_{name}': (scores.argmax(1) == labels).float().mean(),
    }
