"""DPC: predict the next blocks of the video at every position, one after another.

Han et al., Video representation learning by dense predictive coding, ICCV workshops 2019. Task, loss and settings
follow the official code, except for the last ReLU, see `BlockEncoder`.
"""

from mmaction.registry import MODELS
from torch import Tensor

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)

from .encode import Network, PretextHead
from .future_blocks import BlockEncoder, BlockPredictor, dense_nce, two_layers
from .recognizer import Labels


@MODELS.register_module()
class DPCHead(PretextHead):
    """Dense prediction by a ConvGRU; negatives are all other positions, steps and videos.

    Args:
        in_channels: C of the network's last map.
        width: channels of blocks and state, 256.
        steps: number of blocks to predict, 3; the others are read.
        dropout: rate of the dropout on the state, 0.1.

    Frames through the network: all frames of the blocks, 40 per video as published.
    """

    def __init__(self, *, in_channels: int, width: int = 256, steps: int = 3, dropout: float = 0.1) -> None:
        super().__init__()
        self.steps = steps
        self.encoder = BlockEncoder(in_channels, width)
        self.future = BlockPredictor(width, two_layers(width, width), dropout)

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_future` and `acc_future`; clips are the blocks (B, K, 3, T, H, W)."""
        blocks = self.encoder(network, clips)
        predicted = self.future(blocks[:, : -self.steps].unbind(1), self.steps)
        loss, hits = dense_nce(predicted, blocks[:, -self.steps :])
        return dict(loss_future=loss, acc_future=hits)
