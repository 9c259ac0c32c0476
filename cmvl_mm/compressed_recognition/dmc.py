"""DMC-Net (Shou et al., CVPR 2019): a small generator makes an approximation of optical flow from vectors and residual.

This is the training without the adversarial loss of the published code (`code/dmcnet`). Its weights are the start of
the training with that loss, `dmc_adversarial`.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn

from cmvl_mm.compressed_recognition.recognizer import Samples, StreamRecognizer


class DMCGenerator(nn.Module):
    """Densely connected 3x3 convolutions that correct the vectors, in the units of the input.

    Each layer sees its input and the outputs of all layers before it; a last convolution gives the correction.

    Args:
        in_channels: vectors (2) first, then further inputs: residual (3), mask of real vectors (1).
        widths: widths of the layers; 8, 8, 6, 4, 2 in the published code.
    """

    def __init__(self, in_channels: int, widths: Sequence[int] = (8, 8, 6, 4, 2)) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for width in widths:
            layer = nn.Sequential(nn.Conv2d(in_channels, width, 3, padding=1), nn.LeakyReLU(0.1))
            self.layers.append(layer)
            in_channels += width
        self.correction = nn.Conv2d(in_channels, 2, 3, padding=1)

    def forward(self, known: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> the corrected vectors (N, 2, H, W)."""
        maps = known
        for layer in self.layers:
            maps = torch.cat((layer(maps), maps), 1)
        return known[:, :2] + self.correction(maps)


def blocky(flow: Tensor, cell: int) -> Tensor:
    """Replace each cell by its mean: flow as coarse as vectors of macroblocks, as in the published code.

    Args:
        flow: (N, C, H, W); the last cells may be smaller.
        cell: edge of a cell, px.
    """
    means = F.avg_pool2d(flow, cell, ceil_mode=True)
    painted = means.repeat_interleave(cell, dim=2).repeat_interleave(cell, dim=3)
    return painted[..., : flow.shape[2], : flow.shape[3]]


def flow_loss(generated: Tensor, flow: Tensor, cell: int) -> Tensor:
    """Mean squared error to `blocky` flow; both (N, 2, H, W)."""
    return F.mse_loss(generated, blocky(flow, cell))


@MODELS.register_module()
class DMCRecognizer(StreamRecognizer):
    """A classifier on the generator's output; the loss is `loss_cls` + weight * `flow_loss`.

    As in the published code, the classifier's gradient ends at its input: only the flow trains the generator. With an
    adversary (`AdversarialDMCRecognizer`) the labels train it too.
    A training batch has vectors, the generator's other inputs, and two channels of flow; a test needs no flow.

    Args:
        backbone, cls_head, data_preprocessor, input_norm: as in `StreamRecognizer`; the backbone sees two channels.
        channels: number of channels that the generator sees, the two of the vectors first.
        cell: edge of the flow's cells, px of the network's input; 16 in the published code.
        flow_weight: weight of `flow_loss`; 10 in the published code.
    """

    labels_teach_generator = False

    def __init__(
        self,
        backbone: dict[str, Any],
        cls_head: dict[str, Any],
        data_preprocessor: dict[str, Any],
        channels: int = 5,
        cell: int = 16,
        flow_weight: float = 10.0,
        input_norm: int | None = None,
    ) -> None:
        super().__init__(backbone, cls_head, data_preprocessor, input_norm)
        self.generator = DMCGenerator(channels)
        self.channels, self.cell, self.flow_weight = channels, cell, flow_weight

    def extract_feat(self, inputs: Tensor, stage: str = 'neck', **more: Any) -> tuple[Tensor, dict[str, Any]]:
        """(B, S, C, H, W) -> maps of the generated flow, as in MMAction2; channels after the generator's are unused."""
        return super().extract_feat(self.generate(inputs).detach(), stage=stage, **more)

    def generate(self, inputs: Tensor) -> Tensor:
        """Inputs (B, S, C, H, W) -> generated flow (B, S, 2, H, W)."""
        known = inputs[:, :, : self.channels].flatten(0, 1)
        return self.generator(known).unflatten(0, inputs.shape[:2])

    def loss(self, inputs: Tensor, data_samples: Samples) -> dict[str, Tensor]:
        """The head's own losses and `loss_flow`.

        Raises:
            ValueError: the batch has no flow.
        """
        return self._losses(inputs, data_samples)[0]

    def _losses(self, inputs: Tensor, data_samples: Samples) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """The losses, and the generated and the true flow, (B * S, 2, H, W)."""
        if inputs.shape[2] < self.channels + 2:
            raise ValueError(
                f'a batch of {inputs.shape[2]} channels has no flow after the {self.channels} channels of the '
                "generator. Remedy: set streams=(…, 'flow') for training."
            )
        generated = self.generate(inputs)
        maps, settings = super().extract_feat(generated if self.labels_teach_generator else generated.detach())
        losses = self.cls_head.loss(maps, data_samples, **settings)
        generated = generated.flatten(0, 1)
        flow = inputs[:, :, self.channels : self.channels + 2].flatten(0, 1)
        losses['loss_flow'] = self.flow_weight * flow_loss(generated, flow, self.cell)
        return losses, generated, flow
