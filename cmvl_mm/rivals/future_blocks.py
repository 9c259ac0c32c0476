"""Successive blocks of a video and their dense prediction by a ConvGRU, for DPC and MemDPC."""

from collections.abc import Sequence

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from torch import Tensor, nn

from cmvl_mm.datasets.frame_choice import Sample
from cmvl_mm.datasets.sampling import clip_at, random_start
from cmvl_mm.models.chunked_info_nce import RowChunkedInfoNCE
from cmvl_mm.models.convgru import ConvGRUCell
from cmvl_mm.models.gather import gather_rows, mean_over_ranks, rank
from cmvl_mm.models.losses import ROWS_PER_CHUNK

from .encode import Network
from .samples import consecutive_span, consecutive_starts, require_room, take


def block_frames(
    rng: np.random.Generator, num_frames: int, blocks: int, block_len: int, frame_interval: int
) -> np.ndarray:
    """(blocks, block_len) frames at equal distances, from a random start."""
    start = random_start(rng, num_frames, consecutive_span(blocks, block_len, frame_interval, 0))
    starts = consecutive_starts(start, blocks, block_len, frame_interval, 0)
    return np.stack([clip_at(int(first), block_len, frame_interval) for first in starts])


@TRANSFORMS.register_module()
class SampleBlocks:
    """Successive blocks of the video.

    Args:
        blocks, block_len, frame_interval: 8 blocks of 5 frames at stride 3 in DPC and MemDPC: 118 frames of the video.
    """

    def __init__(self, blocks: int = 8, block_len: int = 5, frame_interval: int = 3) -> None:
        self.blocks, self.block_len, self.frame_interval = blocks, block_len, frame_interval
        self.span = consecutive_span(blocks, block_len, frame_interval, 0)

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        require_room(num_frames, self.span, f'{self.blocks} blocks')
        frames = block_frames(sample['rng'], num_frames, self.blocks, self.block_len, self.frame_interval)
        return take(sample, frames)


class BlockEncoder(nn.Module):
    """The map of every block, averaged over time, in `width` channels that may be negative.

    The official networks omit the last ReLU to get negative values; a network of this toolkit ends with it, so a
    linear projection follows.

    Args:
        in_channels: C of the network's last map.
        width: channels of the predicted maps.

    Shape: clips (B, K, 3, T, H, W) -> (B, K, width, H', W').
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(in_channels, width, 1)

    def forward(self, network: Network, clips: Tensor) -> Tensor:
        features = network(clips.flatten(0, 1))
        video_map = features.last_map('model.pretext_head', instead='another method')
        return self.project(video_map.mean(2)).unflatten(0, clips.shape[:2])


class BlockPredictor(nn.Module):
    """A ConvGRU that reads the seen blocks and predicts the next ones; it reads each prediction before the next one.

    Args:
        width: channels of blocks, state and prediction.
        predict: state (B, width, H, W) -> the next block, of the same shape.
        dropout: rate of the dropout on the state after every step.
    """

    def __init__(self, width: int, predict: nn.Module, dropout: float) -> None:
        super().__init__()
        self.cell, self.predict, self.dropout = ConvGRUCell(width), predict, nn.Dropout(dropout)

    def forward(self, seen: Sequence[Tensor], steps: int) -> Tensor:
        """Blocks (B, width, H, W) in the order of reading -> predictions (B, steps, width, H, W)."""
        state = torch.zeros_like(seen[0])
        for block in seen:
            state = self.dropout(self.cell(block.relu(), state))
        predictions = [self.predict(state)]
        while len(predictions) < steps:
            state = self.dropout(self.cell(predictions[-1].relu(), state))
            predictions.append(self.predict(state))
        return torch.stack(predictions, dim=1)


def two_layers(width: int, out_channels: int) -> nn.Sequential:
    """1x1 convolution, ReLU, 1x1 convolution."""
    return nn.Sequential(nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, out_channels, 1))


def dense_nce(predicted: Tensor, actual: Tensor) -> tuple[Tensor, Tensor]:
    """Each predicted position finds its own among all positions, steps and videos of all ranks, by the dot product.

    Args:
        predicted, actual: (B, steps, D, H, W).

    Returns:
        The mean cross-entropy over the predicted positions, without temperature and normalisation, and the share of
        positions that are found.
    """
    with torch.autocast(predicted.device.type, enabled=False):
        queries, own = (x.float().movedim(2, -1).flatten(0, 3) for x in (predicted, actual))  # (P, D)
        keys = gather_rows(own)
        positive = torch.arange(len(queries), device=queries.device) + rank() * len(queries)
        loss, hits = RowChunkedInfoNCE.apply(
            queries,
            keys,
            positive,
            queries.new_full((len(queries),), 1 / len(queries)),
            None,
            1.0,
            ROWS_PER_CHUNK,
            queries.requires_grad or keys.requires_grad,
        )
    return mean_over_ranks(loss), hits.float().mean()
