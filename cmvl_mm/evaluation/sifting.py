"""Filter pairs of query and row that may be among the k best: float32 with its rounding error, then float64."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from .cosine import cosine_of_pairs, l2_normalise

SHORTEST, LONGEST = 1e-10, 1e15  # float32 holds the squares of lengths in this range
CROWD = 16  # a product in float64 costs about a sixteenth of ranking all its pairs
UNIT_ROUNDOFF = {torch.float32: 2.0**-24, torch.float64: 2.0**-53}


def odd_lengths(lengths: torch.Tensor) -> list[int]:
    """Rows outside the range of float32, or rows that are no features."""
    return np.flatnonzero(~((lengths > SHORTEST) & (lengths < LONGEST)).numpy()).tolist()


def loosened(raw: np.ndarray, numbers: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows for a product in float32, and their lengths; without a copy, unless a row has an unusual length.

    Args:
        raw: (n, C) float32, writable.
        numbers: (n,) numbers of the rows, for messages.

    Raises:
        ValueError: a row is zero or not finite.
    """
    block = torch.from_numpy(raw)
    lengths = torch.linalg.vector_norm(block, dim=1)
    odd = odd_lengths(lengths)
    if odd:
        block, lengths[odd] = block.clone(), 1
        block[odd] = torch.from_numpy(l2_normalise(raw[odd], numbers[odd]).astype(np.float32))
    return block, lengths


def passing(
    similarity: torch.Tensor, query: np.ndarray, raw: np.ndarray, numbers: np.ndarray, floor: torch.Tensor, k: int
) -> torch.Tensor:
    """(q, n) bool: the pairs that may be among the k best of their query.

    Args:
        similarity: (q, n) by a product in float32; -inf for excluded pairs.
        query: (q, C) float64 of length 1.
        raw: (n, C) rows of the gallery.
        numbers: (n,) numbers of the rows.
        floor: (q,) float64, see `sift`.
        k: number of neighbours.
    """
    passed = sift(similarity, floor, k, query.shape[1])
    crowded = passed.count_nonzero(dim=1) > max(4 * k, len(raw) // CROWD)
    if crowded.any():  # a collapsed network: float32 cannot distinguish its features
        device = similarity.device
        tight_query, tight_block = (torch.from_numpy(x).to(device) for x in (query, l2_normalise(raw, numbers)))
        tight = tight_query[crowded] @ tight_block.T
        tight.masked_fill_(similarity[crowded].isneginf(), -torch.inf)
        passed[crowded] = sift(tight, floor[crowded], k, query.shape[1])
    return passed


def decide(query: np.ndarray, raw: np.ndarray, numbers: np.ndarray, pairs: np.ndarray, block_bytes: int) -> np.ndarray:
    """(p,) the float64 similarities of pairs, in the pairs' order.

    Args:
        query: (q, C) float64 of length 1.
        raw: (n, C) rows of the gallery.
        numbers: (n,) numbers of the rows.
        pairs: (p, 2), query and row of `raw`.
        block_bytes: memory limit; the rows of the pairs processed together take an eighth of it.
    """
    used, place = np.unique(pairs[:, 1], return_inverse=True)
    rows = l2_normalise(raw[used], numbers[used])
    similarity = np.empty(len(pairs))
    step = max(1, block_bytes // (128 * query.shape[1]))
    for start in range(0, len(pairs), step):
        part = slice(start, start + step)
        similarity[part] = cosine_of_pairs(query, rows, (pairs[part, 0], place[part]))
    return similarity


def rounding_error(channels: int, dtype: torch.dtype) -> float:
    """Bound on the difference of a cosine by a matrix product in `dtype`, in any order of sums, to `cosine_of_pairs`.

    With n channels, unit roundoff u and rows of length 1, the error of a sum of n products is at most
    n u sum|q g| <= n u, that of the length that divides it n u / 2, and that of conversions, division and comparison a
    few u. The total is below 2 (n + 8) u up to a million channels. The float64 number has the same bound with its u.
    """
    return 2 * (channels + 8) * (UNIT_ROUNDOFF[dtype] + UNIT_ROUNDOFF[torch.float64])


def sift(similarity: torch.Tensor, floor: torch.Tensor, k: int, channels: int) -> torch.Tensor:
    """(q, n) bool: the pairs that may be among the k best of their query; the others cannot.

    Args:
        similarity: (q, n), with an error of at most `rounding_error`.
        floor: (q,) float64, a known lower bound of the k-th best similarity.
        k: number of neighbours.
        channels: C of the features.
    """
    error = rounding_error(channels, similarity.dtype)
    passed = similarity >= (floor - error).to(similarity.dtype)[:, None]
    many = (passed.count_nonzero(dim=1) > 4 * k).nonzero()[:, 0]  # if few reach the floor, ranking filters no better
    if len(many) and similarity.shape[1] >= k:  # k of these reach the k-th of them, up to the error
        rest = similarity[many]
        floor = floor[many].maximum(rest.topk(k, dim=1).values[:, -1].double() - error)
        passed[many] = rest >= (floor - error).to(similarity.dtype)[:, None]
    return passed


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute products of float32 in full float32, regardless of the program's settings: TF32 breaks the bound."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('highest')
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
