"""Helpers of most heads: run several clips per video through the network, and the loss of a classification."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from cmvl_mm.models.feature_maps import Features

Network = Callable[[Tensor], Features]
"""Clips (N, 3, T, H, W) -> the V-Network's features."""


class PretextHead(nn.Module):
    """Base class of pretext heads: counts the frames that pass the network, by which methods are compared."""

    def frames_through(self, frames: int) -> int:
        """Frames per video and step that pass the network or its copy, if the sampling stage takes `frames`."""
        return frames

    def frames_with_gradient(self, frames: int) -> int:
        """How many of these frames pass the tested network with a gradient; all, unless a copy or twin sees some."""
        return self.frames_through(frames)


def encode_all(network: Network, clips: Tensor) -> Tensor:
    """Clips (B, K, 3, T, H, W) -> the averages of their last maps (B, K, C), in one pass."""
    return network(clips.flatten(0, 1)).pooled().unflatten(0, clips.shape[:2])


def still_clips(frames: Tensor, length: int) -> Tensor:
    """Repeat frames as clips without motion: (B, K, 3, 1, H, W) -> (B, K, 3, length, H, W).

    Methods of frames were made for 2D networks. For a network of clips a frame becomes a clip of `length` equal frames.
    So it costs as much as any clip, and the network's filters over time see whole clips, as in tests.

    Raises:
        ValueError: the clips have more than one frame.
    """
    if frames.shape[3] != 1:
        raise ValueError(
            f'frames must be (B, K, 3, 1, H, W), got {tuple(frames.shape)}. Remedy: use clips of one frame.'
        )
    return frames.expand(-1, -1, -1, length, -1, -1)


def classified(scores: Tensor, labels: Tensor, name: str, weight: float = 1.0) -> dict[str, Tensor]:
    """Scores (N, classes), labels (N,) -> `loss_<name>`, the cross-entropy times `weight`, and `acc_<name>`."""
    return {
        f'loss_{name}': weight * F.cross_entropy(scores.float(), labels),
        f'acc_{name}': (scores.argmax(1) == labels).float().mean(),
    }
