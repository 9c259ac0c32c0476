"""MemDPC: predict the next and the previous blocks as mixtures of learned memories.

Han et al., Memory-augmented dense predictive coding for video representation learning, ECCV 2020. Task, loss and
settings follow the official code, except for the last ReLU, see `BlockEncoder`.
"""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn

import cmvl_mm.compat  # noqa: F401  (MODELS.build imports mmaction.models)

from .encode import Network, PretextHead
from .future_blocks import BlockEncoder, BlockPredictor, dense_nce, two_layers
from .recognizer import Labels


class Memory(nn.Module):
    """The state chooses a mixture of the slots at every position: softmax(phi(state)) @ slots.

    Shape: (B, width, H, W) -> (B, width, H, W).
    """

    def __init__(self, width: int, slots: int) -> None:
        super().__init__()
        self.choose = two_layers(width, slots)
        self.slots = nn.Parameter(torch.randn(slots, width))

    def forward(self, state: Tensor) -> Tensor:
        return torch.einsum('bshw,sd->bdhw', self.choose(state).softmax(1), self.slots)


@MODELS.register_module()
class MemDPCHead(PretextHead):
    """DPC in both directions of time, with one memory for both; the losses are added.

    Args:
        in_channels, width, steps, dropout: as in `DPCHead`.
        slots: number of memory slots, 1024.

    Frames through the network: all frames of the blocks, 40 per video as published.
    """

    def __init__(
        self, *, in_channels: int, width: int = 256, steps: int = 3, dropout: float = 0.1, slots: int = 1024
    ) -> None:
        super().__init__()
        self.steps = steps
        self.encoder = BlockEncoder(in_channels, width)
        memory = Memory(width, slots)
        self.future, self.past = (BlockPredictor(width, memory, dropout) for _ in range(2))

    def loss(self, network: Network, clips: Tensor, labels: Labels) -> dict[str, Tensor]:
        """`loss_future`, `loss_past` and `acc_future`; clips are the blocks (B, K, 3, T, H, W)."""
        blocks = self.encoder(network, clips)
        found = {}
        for name, predictor, ordered in (('future', self.future, blocks), ('past', self.past, blocks.flip(1))):
            predicted = predictor(ordered[:, : -self.steps].unbind(1), self.steps)
            found[name] = dense_nce(predicted, ordered[:, -self.steps :])
        return dict(loss_future=found['future'][0], loss_past=found['past'][0], acc_future=found['future'][1])
