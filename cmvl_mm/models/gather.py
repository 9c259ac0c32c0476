"""Differentiable collectives, which also work without a process group.

The convention is that of torch's SyncBatchNorm: the objective is the sum of the losses on which the ranks call
`backward`, so the backward pass of a gather sums over ranks. DistributedDataParallel then divides parameter
gradients by the number of ranks. The result is the gradient of the mean over ranks: one process on the joined batch.

The gather of the keys does not overlap with other work. Two gloo processes spent 0.8 % of the demo's step in it, and
gloo's threads would compete with the I-Network for the same cores. It has not been measured on GPUs.
"""

from functools import lru_cache
from typing import Literal, get_args
from weakref import WeakKeyDictionary

import torch
import torch.distributed as dist
from torch import Tensor

RowGradient = Literal['exact', 'per_rank']

# torch 2.13 renamed the flat collectives and warns about the old names; 2.10 knows only the old names.
if hasattr(dist, 'all_gather_single'):
    _all_gather, _reduce_scatter = dist.all_gather_single, dist.reduce_scatter_single
else:
    _all_gather, _reduce_scatter = dist.all_gather_into_tensor, dist.reduce_scatter_tensor


def world_size() -> int:
    """Number of ranks; 1 without a process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """This process's rank; 0 without a process group."""
    return dist.get_rank() if world_size() > 1 else 0


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, gradient: RowGradient) -> Tensor:
        ctx.gradient = gradient  # type: ignore[attr-defined]
        gathered = x.new_empty(world_size() * len(x), *x.shape[1:])
        _all_gather(gathered, x.contiguous())
        return gathered

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> tuple[Tensor, None]:
        own = grad.new_empty(len(grad) // world_size(), *grad.shape[1:])
        _reduce_scatter(own, grad.contiguous())  # every rank's queries pull at this rank's keys
        if ctx.gradient == 'per_rank':  # type: ignore[attr-defined]
            own /= world_size()
        return own, None


class _MeanOverRanks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        return _all_reduce_mean(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> Tensor:
        return _all_reduce_mean(grad)


def _all_reduce_mean(x: Tensor) -> Tensor:
    total = x.clone()
    dist.all_reduce(total)
    return total / world_size()


class _ShapeCheck:
    """Refuse ranks of different shapes, with one tiny collective per training step and no wait for the device.

    Every rank joins the collective at every call, so no rank hangs. Reading its result waits for the device. A rank
    therefore reads it only if its shape is not the one that followed the previous shape before: in the first two
    steps, and where a batch changes. As long as no rank raised, all ranks saw the same shapes and expect the same next
    shape. If the shapes differ now, at least one rank did not expect its shape, reads the result, and raises. Its
    process ends, and the launcher ends the others.
    """

    def __init__(self) -> None:
        self.previous: torch.Size | None = None
        self.next_after: dict[torch.Size | None, torch.Size] = {}

    def check(self, x: Tensor) -> None:
        padded = _shape_tensor(x.shape, x.device)
        shapes = padded.new_empty(world_size() * len(padded))
        _all_gather(shapes, padded)
        expected = self.next_after.get(self.previous)
        self.next_after[self.previous] = self.previous = x.shape
        if x.shape == expected:
            return
        per_rank = [tuple(row[1 : 1 + row[0]]) for row in shapes.view(world_size(), -1).tolist()]
        if len(set(per_rank)) > 1:
            raise ValueError(
                f'ranks hold batches of different shapes: {per_rank}. '
                'Remedy: give every rank the same number of samples (drop_last=True).'
            )


@lru_cache(maxsize=64)  # building the tensor from a list waits for the device
def _shape_tensor(shape: torch.Size, device: torch.device) -> Tensor:
    """A shape as an (8,) int64 tensor: number of axes, their sizes, zeros."""
    return torch.tensor([len(shape), *shape] + [0] * (7 - len(shape)), device=device)


# one check per process group: the ranks of another group may have seen other shapes
_SHAPES: WeakKeyDictionary[dist.ProcessGroup, _ShapeCheck] = WeakKeyDictionary()


def gather_rows(x: Tensor, gradient: RowGradient = 'exact') -> Tensor:
    """Gather (B, ...) of every rank -> (W * B, ...) in rank order.

    Args:
        x: (B, ...), with the same B on every rank.
        gradient: 'exact', or 'per_rank', 1 / W of it: the mean of the gradients of the ranks instead of their sum.

    Raises:
        ValueError: `gradient` is neither, or the ranks' shapes differ (raised on ranks that did not expect their own
            shape). Every rank's mean has the same weight, which would be wrong for unequal batches; they are refused,
            not padded.
    """
    if gradient not in get_args(RowGradient):
        raise ValueError(f'gradient={gradient!r} is unknown. Supported: {", ".join(get_args(RowGradient))}')
    if world_size() == 1:
        return x
    group = dist.group.WORLD
    assert group is not None, 'there are other ranks'
    _SHAPES.setdefault(group, _ShapeCheck()).check(x)
    return _GatherRows.apply(x, gradient)


def mean_over_ranks(x: Tensor) -> Tensor:
    """Mean of a tensor over all ranks, the same on every rank, with the exact gradient."""
    return x if world_size() == 1 else _MeanOverRanks.apply(x)


def mean_over_valid(x: Tensor, valid: Tensor | None) -> Tensor:
    """The mean over the valid entries of (B,) of all ranks, 0 if there is none, with the exact gradient.

    Args:
        x: (B,), finite everywhere.
        valid: (B,) bool, or None if all are valid.
    """
    if valid is None:
        return mean_over_ranks(x.mean())
    count = mean_over_ranks(valid.sum().to(x.dtype))
    return mean_over_ranks((x * valid).sum()) / count.clamp(min=1 / world_size())
