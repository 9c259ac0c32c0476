"""L2 normalisation of rows that saves less for the backward pass, so that a loss over many rows needs less memory."""

import torch
from torch import Tensor

SHORTEST = 1e-12  # shorter rows are divided by this length, as in `F.normalize`


class _UnitRows(torch.autograd.Function):
    """x / max(|x|, 1e-12) along the last axis.

    `F.normalize` has the same values and gradients. Its backward pass holds five tensors as large as x; this one holds
    two.
    """

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        inverse = length.clamp_min(SHORTEST).reciprocal()
        ctx.save_for_backward(x, inverse, length > SHORTEST)
        return x * inverse

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: torch.autograd.function.FunctionCtx, grad: Tensor) -> Tensor:
        x, inverse, turns = ctx.saved_tensors  # type: ignore[attr-defined]
        along = torch.linalg.vecdot(x, grad).unsqueeze(-1) * inverse * inverse * turns  # only where x was normalised
        return (grad * inverse).addcmul_(x, along * inverse, value=-1)


def unit_rows(x: Tensor) -> Tensor:
    """(..., D) -> (..., D), every row of length 1; a row of zeros stays zero."""
    return _UnitRows.apply(x)
