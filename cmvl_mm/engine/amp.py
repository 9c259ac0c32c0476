"""The optimiser's part of a fast step: bf16 forward passes, and a gradient norm that is read without waiting."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.optim import Optimizer

from .cpu_bf16 import cpu_kernels


@OPTIM_WRAPPERS.register_module()
class StepOptimWrapper(OptimWrapper):
    """Forward passes under bf16 autocast; weights, gradients, losses and optimiser stay in fp32.

    bf16 has the range of fp32, so losses need no scaling; MMEngine's AmpOptimWrapper scales anyway and needs a GPU.
    On a CPU this wrapper also chooses torch's kernels, see `cpu_kernels`.

    Args:
        optimizer, accumulative_counts, clip_grad: as in MMEngine's OptimWrapper.
        precision: 'bf16', or 'fp32' without autocast.
        grad_norm: 'read' logs the norm after each step, as MMEngine does, which makes the host wait for the device;
            'kept' leaves it in the tensor `grad_norm`, and `DeferredInfoHook` reads it with the losses.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        accumulative_counts: int = 1,
        clip_grad: dict[str, Any] | None = None,
        *,
        precision: Literal['bf16', 'fp32'] = 'bf16',
        grad_norm: Literal['read', 'kept'] = 'read',
    ) -> None:
        super().__init__(optimizer, accumulative_counts=accumulative_counts, clip_grad=clip_grad)
        if precision not in ('bf16', 'fp32'):
            raise ValueError(f'precision={precision!r} is unknown. Supported: bf16, fp32')
        if grad_norm not in ('read', 'kept'):
            raise ValueError(f'grad_norm={grad_norm!r} is unknown. Supported: read, kept')
        self.precision, self.keeps_norm = precision, grad_norm == 'kept'
        self.grad_norm: Tensor | None = None

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The context in which MMEngine runs preprocessing and the forward pass."""
        autocast = torch.autocast(get_device(), torch.bfloat16, enabled=self.precision == 'bf16')
        with super().optim_context(model), autocast, self._kernels():
            yield

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Run MMEngine's backward pass, in which networks that save memory recompute parts of their forward pass."""
        with self._kernels():
            super().backward(loss, **kwargs)

    def _kernels(self) -> AbstractContextManager[None]:
        return cpu_kernels() if self.precision == 'bf16' and get_device() == 'cpu' else nullcontext()

    def _clip_grad(self) -> None:
        if not self.keeps_norm:
            super()._clip_grad()
            return
        learning = [p for group in self.optimizer.param_groups for p in group['params'] if p.grad is not None]
        self.grad_norm = self.clip_func(learning, **self.clip_grad_kwargs)
