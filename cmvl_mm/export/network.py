"""A recognizer as one function of clips: uint8 RGB -> features, or probabilities of classes."""

import copy
from typing import Literal

import torch
from torch import Tensor, nn

from cmvl_mm.models.preprocessor import CompressedVideoPreprocessor
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.models.stock_heads import average_clips, scores_of
from cmvl_mm.models.tested_features import pooled

from .errors import ExportError

Output = Literal['features', 'probabilities']


class ClipNetwork(nn.Module):
    """The exported network: normalisation, backbone, pooling and, with a `cls_head`, the head and its softmax.

    Args:
        model: model in evaluation mode, on the CPU. It is copied.

    Shape: uint8 RGB (N, 3, T, H, W) in 0 … 255 -> float32 (N, C) features, or (N, classes) probabilities that add up
    to 1. For a video of several clips take the mean of their rows, as in a test.

    Raises:
        ExportError: the model's test uses a target network, or its preprocessor or head cannot be exported.
    """

    def __init__(self, model: ContextMotionRecognizer) -> None:
        super().__init__()
        if model.test_network != 'backbone':
            raise ExportError(
                f"test_cfg's network={model.test_network!r}: only the backbone is exported. "
                "Remedy: remove 'network' from test_cfg."
            )
        if not isinstance(model.data_preprocessor, CompressedVideoPreprocessor):
            raise ExportError(
                f'data_preprocessor is a {type(model.data_preprocessor).__name__}, whose normalisation is not known. '
                'Remedy: use CompressedVideoPreprocessor.'
            )
        self.output: Output = 'features' if model.cls_head is None else 'probabilities'
        if self.output == 'probabilities' and model.head_reads is not None:
            how = getattr(model.cls_head, 'average_clips', None)
            if how != 'prob':
                raise ExportError(
                    f"model.cls_head.average_clips={how!r} gives no probabilities. Remedy: set average_clips='prob'."
                )
        copied = copy.deepcopy(model)
        self.recognizer = copied
        for name in ('context_head', 'motion_head', 'residual_head', 'neck'):  # only for the pretraining
            setattr(copied, name, None)
        for parameter in copied.parameters():  # channels last only affects speed on one machine
            parameter.data = parameter.data.contiguous()
        self.eval().requires_grad_(False)

    def forward(self, clips: Tensor) -> Tensor:
        model, to_input = self.recognizer, self.recognizer.data_preprocessor
        maps = model._features((clips.to(to_input.mean.dtype) - to_input.mean) / to_input.std)
        if model.cls_head is None:
            return pooled(maps, model.test_pool)
        if model.head_reads is not None:
            return average_clips(model.cls_head, scores_of(model.cls_head, model.head_reads, maps), 1)
        return model.cls_head(maps.pooled()).float().softmax(1)


def example(clip_len: int, size: int, count: int, seed: int = 0) -> Tensor:
    """Clips for tracing and checking: uint8 (count, 3, clip_len, size, size), noise on a brightness ramp."""
    generator = torch.Generator().manual_seed(seed)
    shape = (count, 3, clip_len, size, size)
    ramp = torch.linspace(0, 128, size).expand(shape)
    return (ramp + torch.randint(128, shape, generator=generator)).to(torch.uint8)
