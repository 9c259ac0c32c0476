"""bf16 on CPUs: which of torch's kernels are used, and whether those of this machine are correct."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from .bf16_layers import Bf16Layers

MOST_WRONG = 0.02
"""Largest allowed error, as a share of a gradient's norm. bf16 rounds each factor of a product by up to 2^-9, 0.2 %,
which leaves an error of 0.3 % in a sum of many; wrong kernels are off by 30 % and more."""

CASES = (
    # weight, stride, padding, and the input's depth, height and width: as in the paper's networks, but small
    ((32, 16, 3, 3, 3), (1, 1, 1), (1, 1, 1), (4, 7, 7)),
    ((32, 16, 3, 3, 3), (1, 1, 1), (1, 1, 1), (2, 7, 7)),
    ((32, 16, 3, 3, 3), (2, 2, 2), (1, 1, 1), (4, 6, 6)),
    ((16, 3, 3, 7, 7), (1, 2, 2), (1, 3, 3), (4, 16, 16)),
)


@contextmanager
def cpu_kernels() -> Iterator[None]:
    """Use convolutions whose gradients are correct, and attention as plain matrix products.

    Torch's flash attention for CPUs took 3 times as long in bf16, forward and backward, at the sizes of the predictor.
    """
    with Bf16Layers(), sdpa_kernel(SDPBackend.MATH):
        yield


@cache
def why_not_bf16() -> str | None:
    """Why this CPU trains in fp32; None where it trains in bf16.

    bf16 needs AVX512-BF16, as reported by torch; other CPUs emulate bf16. A few small convolutions are then compared
    with fp32, within a second, because other processors and torch releases may have other kernels than those examined.
    """
    if not torch.cpu._is_avx512_bf16_supported():  # the public get_capabilities came after torch 2.10
        return 'this CPU has no AVX512-BF16'
    wrong = [case for case in CASES if gradient_error(*case) > MOST_WRONG]
    if wrong:
        weight, stride, padding, size = wrong[0]
        return (
            f'torch {torch.__version__} computes bf16 convolutions wrongly on this CPU, such as {weight=} {stride=} '
            f'{padding=} of {size=}'
        )
    return None


def gradient_error(
    weight: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], size: tuple[int, ...]
) -> float:
    """How far a bf16 convolution of two samples of noise, as a fast step computes it, is from fp32.

    Args:
        weight: shape of the weight (C_out, C_in and the kernel size of each axis).
        stride, padding: stride and padding of each spatial axis.
        size: the input's spatial size.

    Returns:
        Norm of the error / norm, the largest of output, input gradient and weight gradient; inf if not finite.
    """
    noise = torch.Generator().manual_seed(0)
    taps = torch.randn(weight, generator=noise)
    x = torch.randn(2, weight[1], *size, generator=noise)
    convolve = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[len(weight)]
    results: list[tuple[Tensor, ...]] = []
    grad = torch.empty(0)
    for rounded in (False, True):
        leaves = x.clone().requires_grad_(), taps.clone().requires_grad_()
        with torch.autocast('cpu', torch.bfloat16, enabled=rounded), cpu_kernels():
            y = convolve(*leaves, None, stride, padding)
        grad = grad if rounded else torch.randn(y.shape, generator=noise)
        results.append((y.detach(), *torch.autograd.grad(y, leaves, grad.to(y.dtype))))
    errors = [((near.float() - exact).norm() / exact.norm()).item() for exact, near in zip(*results, strict=True)]
    return max(error if math.isfinite(error) else math.inf for error in errors)
