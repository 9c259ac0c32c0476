"""A V-Network with one pretext task on several clips per video; its base class has tests and evaluations."""

from typing import Any, Literal

import numpy as np
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor, nn
from torch.nn.utils import convert_conv3d_weight_memory_format

from cmvl_mm.models.head_parts import build
from cmvl_mm.models.recognizer import ContextMotionRecognizer

Labels = dict[str, Tensor]
"""Labels from a method's stage by name, each (B, ...)."""


@MODELS.register_module()
class PretextRecognizer(ContextMotionRecognizer):
    """`ContextMotionRecognizer` for a pretext head that needs all clips of a video and the network itself.

    A pretext head has `loss(network, clips, labels) -> dict`, where `network` takes clips (N, 3, T, H, W) and returns
    their `Features`, clips are (B, K, 3, T, H, W) and labels are `Labels`. A head with `attach(backbone, layout)` gets
    the backbone once, to make its own copy of it.

    Args:
        backbone, data_preprocessor, test_cfg, init_cfg, memory_format, backbone_layout: as in the base class.
        pretext_head: the task.
    """

    def __init__(
        self,
        backbone: dict[str, Any] | nn.Module,
        pretext_head: dict[str, Any] | nn.Module,
        data_preprocessor: dict[str, Any] | nn.Module | None = None,
        test_cfg: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
        memory_format: Literal['contiguous', 'channels_last'] = 'contiguous',
        backbone_layout: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            backbone,
            data_preprocessor=data_preprocessor,
            test_cfg=test_cfg,
            init_cfg=init_cfg,
            memory_format=memory_format,
            backbone_layout=backbone_layout,
        )
        self.pretext_head = build(pretext_head)
        if hasattr(self.pretext_head, 'attach'):
            self.pretext_head.attach(self.backbone, self.layout)
        if memory_format == 'channels_last':
            convert_conv3d_weight_memory_format(self.pretext_head, torch.channels_last_3d)

    def loss(self, inputs: dict[str, Tensor], data_samples: list[ActionDataSample] | None = None) -> dict[str, Tensor]:
        """The losses and accuracies of the pretext head."""
        clips = inputs['imgs']
        if clips.ndim != 6:
            raise ValueError(
                f"imgs must be (B, clips, 3, T, H, W), got {tuple(clips.shape)}. Remedy: use dict(type='PackPretext')."
            )
        return self.pretext_head.loss(self._features, clips, stack_labels(data_samples or [], clips.device))


def stack_labels(data_samples: list[ActionDataSample], device: torch.device) -> Labels:
    """Stack `pretext` of all samples to one tensor per name, on the device.

    Raises:
        ValueError: a sample has no `pretext`.
    """
    missing = [sample for sample in data_samples if 'pretext' not in sample]
    if missing or not data_samples:
        raise ValueError(
            'the samples have no labels of the pretext task. '
            "Remedy: use dict(type='PackPretext') as the last stage, after the method's first stage."
        )
    columns = {name: [sample.pretext[name] for sample in data_samples] for name in data_samples[0].pretext}
    return {name: torch.from_numpy(np.stack(values)).to(device, non_blocking=True) for name, values in columns.items()}
