"""DMC-Net's second training: an adversary distinguishes generated from TV-L1 flow (the authors' `code/dmcnet_GAN`).

The published code trains the adversary and the classifier in one step and the generator in the next. Here all are
trained in each step, and no gradient of the generator's loss reaches the adversary.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.func import functional_call

from cmvl_mm.checkpoints.pretrained import load_weights, read_state_dict
from cmvl_mm.checkpoints.resolve import resolve_checkpoint
from cmvl_mm.compressed_recognition.dmc import DMCRecognizer
from cmvl_mm.compressed_recognition.recognizer import Samples

GENERATED, REAL = 0, 1


class FlowDiscriminator(nn.Module):
    """Three 3x3 convolutions per width, the first with stride 2, and a linear layer: (N, 2, size, size) -> (N, 2).

    Args:
        size: size of the flow, px.
        widths: widths of the layers; 16, 32, 64, 128 in the published code.
    """

    def __init__(self, size: int, widths: Sequence[int] = (16, 32, 64, 128)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 2
        for width in widths:
            for stride in (2, 1, 1):
                layers += [nn.Conv2d(before, width, 3, stride, 1), nn.LeakyReLU(0.2), nn.Dropout2d(0.25)]
                layers += [nn.BatchNorm2d(width, eps=0.8)] if len(layers) > 3 else []  # not after the first one
                before = width
            size = -(-size // 2)
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * size * size, 2))

    def forward(self, flow: Tensor) -> Tensor:
        """Scores of `GENERATED` and `REAL`."""
        return self.layers(flow)


def discriminator_loss(discriminator: nn.Module, generated: Tensor, flow: Tensor) -> Tensor:
    """Cross entropy of classifying both in one batch; no gradient reaches the generator."""
    scores = discriminator(torch.cat((generated.detach(), flow)))
    kinds = [
        torch.full((len(part),), kind, device=flow.device) for part, kind in ((generated, GENERATED), (flow, REAL))
    ]
    return F.cross_entropy(scores, torch.cat(kinds))


def deception_loss(discriminator: nn.Module, generated: Tensor) -> Tensor:
    """Cross entropy of classifying the generated flow as real; no gradient reaches the discriminator."""
    fixed = {name: value.detach() for name, value in discriminator.named_parameters()}
    scores = functional_call(discriminator, fixed, (generated,))
    return F.cross_entropy(scores, torch.full((len(generated),), REAL, device=generated.device))


@MODELS.register_module()
class AdversarialDMCRecognizer(DMCRecognizer):
    """`DMCRecognizer` whose generator also learns from the discriminator and the labels.

    Args:
        backbone, cls_head, data_preprocessor, channels, cell, flow_weight, input_norm: as in `DMCRecognizer`.
        size: size of the network's input, px.
        pretrained: checkpoint or work directory of the training without an adversary, read when a training starts; None
            starts from scratch.
        deception_weight: weight of `deception_loss`; 1 in the published code.
        discriminator_weight: weight of `discriminator_loss`; 0.01 in the published code.
    """

    labels_teach_generator = True

    def __init__(
        self,
        backbone: dict[str, Any],
        cls_head: dict[str, Any],
        data_preprocessor: dict[str, Any],
        size: int,
        pretrained: str | None,
        channels: int = 5,
        cell: int = 1,
        flow_weight: float = 10.0,
        deception_weight: float = 1.0,
        discriminator_weight: float = 0.01,
        input_norm: int | None = None,
    ) -> None:
        super().__init__(backbone, cls_head, data_preprocessor, channels, cell, flow_weight, input_norm)
        self.discriminator = FlowDiscriminator(size)
        self.pretrained = pretrained
        self.deception_weight, self.discriminator_weight = deception_weight, discriminator_weight

    def init_weights(self) -> None:
        """Initialise the parts, then load generator and classifier from `pretrained`.

        Raises:
            FileNotFoundError, CheckpointError: there is no such checkpoint, or it has other layers or classes.
        """
        if self.is_init:
            return
        super().init_weights()
        if self.pretrained is None:
            return
        path = resolve_checkpoint(self.pretrained)
        parts = ('generator', 'input_norm', 'backbone', 'cls_head')
        known = nn.ModuleDict({name: self.get_submodule(name) for name in parts})
        print_log(load_weights(known, read_state_dict(path), source=path), logger='current')

    def loss(self, inputs: Tensor, data_samples: Samples) -> dict[str, Tensor]:
        """The losses of `DMCRecognizer`, `loss_deception` and `loss_discriminator`."""
        losses, generated, flow = self._losses(inputs, data_samples)
        deceived = deception_loss(self.discriminator, generated)
        told = discriminator_loss(self.discriminator, generated, flow)
        return losses | dict(
            loss_deception=self.deception_weight * deceived, loss_discriminator=self.discriminator_weight * told
        )
