"""Which pairs a fast, rounded product leaves in the race for the k best: a bound that holds in every case."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

UNIT_ROUNDOFF = {torch.float32: 2.0**-24, torch.float64: 2.0**-53}


def rounding_error(channels: int, dtype: torch.dtype) -> float:
    """How far the cosine by a matrix product in `dtype` may be from `cosine_of_pairs`, whatever the order of its sums.

    With n channels and u the unit roundoff, rows of length 1: a sum of n products is off by n u sum|q g| <= n u at
    most, the length that divides it by n u / 2, conversions, division and comparison by a few u. All that is below
    2 (n + 8) u up to a million channels. The float64 number is off by as much of its own u.
    """
    return 2 * (channels + 8) * (UNIT_ROUNDOFF[dtype] + UNIT_ROUNDOFF[torch.float64])


def sift(similarity: torch.Tensor, floor: torch.Tensor, k: int, channels: int) -> torch.Tensor:
    """(q, n) bool: the pairs that may be among the k best of their query; the others cannot.

    Args:
        similarity: (q, n), off by `rounding_error` at most.
        floor: (q,) float64, what the k-th best is known to reach.
        k: how many are wanted.
        channels: C of the features.
    """
    error = rounding_error(channels, similarity.dtype)
    if similarity.shape[1] >= k:  # k of these reach the k-th of them, give or take the error
        floor = floor.maximum(similarity.topk(k, dim=1).values[:, -1].double() - error)
    return similarity >= (floor - error).to(similarity.dtype)[:, None]


@contextmanager
def full_precision() -> Iterator[None]:
    """Products of float32 in float32, whatever the program allows elsewhere: with TF32 the bound would not hold."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('highest')
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
