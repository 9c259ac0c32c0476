"""Table 1's other losses: the predictor outputs the future vectors, without M-Network and negatives.

The paper does not state the resolution. Here each point of the predicted map outputs `cells` x `cells` mean vectors for
every frame of its share of the window: with 7x7 points, 2 cells and 8 frames, vectors on a grid of 8x14x14.
"""

from typing import Any

import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)
from cmvl_mm.models.gather import mean_over_valid
from cmvl_mm.models.head_parts import build, points


def mean_vectors(motion: Tensor, size: tuple[int, int, int]) -> Tensor:
    """(B, K, 2, T, H, W) -> (B, 2, *size): the mean vector of the true future, window 0, in every cell."""
    return F.adaptive_avg_pool3d(motion[:, 0], size)


def vector_bins(vectors: Tensor, num_bins: int) -> Tensor:
    """Components in -1 ... 1 -> int64 bins 0 ... num_bins - 1 of equal width; values outside go to the end bins."""
    return ((vectors + 1) / 2 * num_bins).floor().clamp(0, num_bins - 1).long()


class VectorReadout(nn.Module):
    """Every point's feature -> `channels` values in each of its frames and cells.

    Args:
        in_channels: D of the predictor.
        channels: values per cell.
        frames: frames that one point predicts.
        cells: cells per point along either axis.

    Shape: (B, D, T3, H3, W3) -> (B, channels, T3 * frames, H3 * cells, W3 * cells).
    """

    def __init__(self, in_channels: int, *, channels: int, frames: int, cells: int) -> None:
        super().__init__()
        self.sizes = (channels, frames, cells, cells)
        self.fc = nn.Linear(in_channels, channels * frames * cells * cells)

    def forward(self, x: Tensor) -> Tensor:
        values = self.fc(points(x)).unflatten(2, self.sizes).unflatten(1, x.shape[2:])
        values = values.permute(0, 4, 1, 5, 2, 6, 3, 7)  # (B, channels, T3, frames, H3, cells, W3, cells)
        return values.flatten(6, 7).flatten(4, 5).flatten(2, 3)


@MODELS.register_module()
class MotionRegressionHead(nn.Module):
    """Mean squared error on the future vectors.

    Args:
        predictor: video map -> motion map, as in `PointwiseInfoNCEHead`.
        frames_per_point: frames of the window that one point predicts: the window's length over T3.
        cells: vectors per point along either axis.
        loss_weight: alpha of eq. (3).
    """

    def __init__(
        self,
        *,
        predictor: dict[str, Any] | nn.Module,
        frames_per_point: int = 8,
        cells: int = 2,
        loss_weight: float = 0.5,
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.predictor = build(predictor)
        self.readout = VectorReadout(self.predictor.out_channels, channels=2, frames=frames_per_point, cells=cells)

    def loss(self, video_map: Tensor, motion: Tensor, valid: Tensor | None = None) -> dict[str, Tensor]:
        """The weighted `loss_motion`. See `PointwiseInfoNCEHead.loss` for the arguments."""
        predicted = self.readout(self.predictor(video_map))
        actual = mean_vectors(motion, predicted.shape[2:])
        per_video = (predicted - actual).square().flatten(1).mean(1)
        return {'loss_motion': self.loss_weight * mean_over_valid(per_video, valid)}


@MODELS.register_module()
class MotionClassificationHead(nn.Module):
    """Cross-entropy on the future vectors' components, each quantised to equal bins over the clamp's range.

    Args:
        predictor, frames_per_point, cells, loss_weight: as in `MotionRegressionHead`.
        num_bins: per component; 21 bins over -10 ... 10 px are about a pixel wide, the middle one is "no motion".
    """

    def __init__(
        self,
        *,
        predictor: dict[str, Any] | nn.Module,
        frames_per_point: int = 8,
        cells: int = 2,
        num_bins: int = 21,
        loss_weight: float = 0.5,
    ) -> None:
        super().__init__()
        self.loss_weight, self.num_bins = loss_weight, num_bins
        self.predictor = build(predictor)
        self.readout = VectorReadout(
            self.predictor.out_channels, channels=2 * num_bins, frames=frames_per_point, cells=cells
        )

    def loss(self, video_map: Tensor, motion: Tensor, valid: Tensor | None = None) -> dict[str, Tensor]:
        """The weighted `loss_motion`, and `acc_motion`: the share of components whose true bin has the top score."""
        scores = self.readout(self.predictor(video_map)).unflatten(1, (self.num_bins, 2))  # (B, bins, 2, T, h, w)
        actual = vector_bins(mean_vectors(motion, scores.shape[3:]), self.num_bins)  # (B, 2, T, h, w)
        per_video = F.cross_entropy(scores, actual, reduction='none').flatten(1).mean(1)
        hits = (scores.argmax(1) == actual).float().flatten(1).mean(1)
        return {
            'loss_motion': self.loss_weight * mean_over_valid(per_video, valid),
            'acc_motion': mean_over_valid(hits, valid),
        }
