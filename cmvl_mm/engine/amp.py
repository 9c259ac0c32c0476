"""Mixed precision without a gradient scaler, on GPUs and CPUs alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn
from torch.optim import Optimizer


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Forward passes under bf16 autocast; weights, gradients, losses and optimiser stay in fp32.

    bf16 has fp32's range, so nothing needs scaling; MMEngine's AmpOptimWrapper scales all the same and needs a GPU.

    Args:
        optimizer, accumulative_counts, clip_grad: as in MMEngine's OptimWrapper.
    """

    def __init__(
        self, optimizer: Optimizer, accumulative_counts: int = 1, clip_grad: dict[str, Any] | None = None
    ) -> None:
        super().__init__(optimizer, accumulative_counts=accumulative_counts, clip_grad=clip_grad)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """What MMEngine wraps round preprocessing and forward."""
        with super().optim_context(model), torch.autocast(get_device(), dtype=torch.bfloat16):
            yield
