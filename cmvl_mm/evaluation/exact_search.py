"""Exact nearest neighbours in bounded memory: a float32 product sifts, float64 decides.

A pair's similarity is `cosine_of_pairs`, in float64. A block of the gallery is multiplied in float32, and whoever falls
short of the k-th best by more than the rounding error drops out; the few that are left are ranked by the float64
number. So the outcome is that of ranking everything in float64, and depends on neither block size, device nor threads.
Equal rows cannot be sifted: where thousands tie with the k-th best, each is ranked on its own, which is slow.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from .cosine import cosine_of_pairs, l2_normalise

SHORTEST, LONGEST = 1e-10, 1e15  # the squares of such lengths float32 holds in full
CROWD = 16  # a product in float64 costs about a sixteenth of ranking every pair of it


class Found(NamedTuple):
    """Neighbours of several queries in one list, by query, then falling similarity, then row."""

    query: np.ndarray  # (m,) int64
    row: np.ndarray  # (m,) int64
    similarity: np.ndarray  # (m,) float64


def exact_search(
    query: np.ndarray,
    gallery: np.ndarray,
    k: int,
    device: str,
    block_bytes: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and similarities, both (q, k), of the k best rows; the gallery is read once. Arguments: `search.nearest`."""
    query = l2_normalise(query)
    rows, queries = block_shape(len(gallery), query.shape[1], block_bytes)
    tiles = [slice(begin, begin + queries) for begin in range(0, len(query), queries)]
    best = [Found(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)) for _ in tiles]
    loose_query = torch.from_numpy(query.astype(np.float32)).to(device)
    buffer = np.empty((rows, query.shape[1]), np.float32)
    with full_precision():
        for begin in range(0, len(gallery), rows):
            raw = gallery[begin : begin + rows]
            lengths = read_float32(raw, begin, buffer).to(device)
            block = torch.from_numpy(buffer[: len(raw)]).to(device)
            for number, tile in enumerate(tiles):
                floor = torch.from_numpy(reached(best[number], k, len(query[tile]))).to(device)
                passed = sift((loose_query[tile] @ block.T).div_(lengths), floor, k, query.shape[1])
                crowded = passed.count_nonzero(dim=1) > max(4 * k, len(raw) // CROWD)
                if crowded.any():  # of a collapsed network: float32 cannot tell its features apart
                    exact = (torch.from_numpy(rows64).to(device) for rows64 in (query[tile], l2_normalise(raw, begin)))
                    tight_query, tight_block = exact
                    tight = tight_query[crowded] @ tight_block.T
                    passed[crowded] = sift(tight, floor[crowded], k, query.shape[1])
                new = decide(query[tile], raw, begin, passed.nonzero().cpu().numpy(), block_bytes)
                best[number] = merged(best[number], new, k)
            if progress is not None:
                progress(begin + len(raw), len(gallery))
    neighbours = np.concatenate([part.row for part in best]).reshape(-1, k)
    return neighbours, np.concatenate([part.similarity for part in best]).reshape(-1, k)


def block_shape(gallery: int, channels: int, block_bytes: int) -> tuple[int, int]:
    """Gallery rows of a block and queries of a tile, so that the working memory stays within `block_bytes`.

    A value of the block takes 4 bytes, and 28 more if all its rows pass; a pair takes about 100 if all pairs pass; and
    the pairs decided at once an eighth of the memory.
    """
    rows = max(1, min(gallery, block_bytes // (64 * channels)))
    return rows, max(1, block_bytes // (256 * rows))


def read_float32(raw: np.ndarray, begin: int, buffer: np.ndarray) -> torch.Tensor:
    """Put rows into the buffer as float32; (n,) float32, their lengths.

    Rows that float32 cannot hold in full come out at length 1.

    Raises:
        ValueError: a row is zero or not finite; `begin` is where the rows start in the gallery.
    """
    block = buffer[: len(raw)]
    with np.errstate(over='ignore'):  # of float64: such rows are too long, and done again below
        np.copyto(block, raw, casting='same_kind')
    lengths = torch.linalg.vector_norm(torch.from_numpy(block), dim=1)
    for row in np.flatnonzero(~((lengths > SHORTEST) & (lengths < LONGEST)).numpy()).tolist():
        block[row] = l2_normalise(raw[row : row + 1], begin + row)[0]
        lengths[row] = 1
    return lengths


def reached(best: Found, k: int, queries: int) -> np.ndarray:
    """(q,) the similarity of each query's k-th neighbour so far; -inf where it has fewer."""
    counts = np.bincount(best.query, minlength=queries)
    floor = np.full(queries, -np.inf)
    floor[counts == k] = best.similarity[counts.cumsum()[counts == k] - 1]
    return floor


def decide(query: np.ndarray, raw: np.ndarray, begin: int, pairs: np.ndarray, block_bytes: int) -> Found:
    """The float64 similarities of pairs, in the pairs' order.

    Args:
        query: (q, C) float64 of length 1.
        raw: (n, C) rows of the gallery, from row `begin` on.
        pairs: (p, 2), query and row of `raw`.
        block_bytes: so many pairs are done at once that their rows take an eighth of it.
    """
    used, place = np.unique(pairs[:, 1], return_inverse=True)
    rows = l2_normalise(raw[used], begin)
    similarity = np.empty(len(pairs))
    step = max(1, block_bytes // (128 * query.shape[1]))
    for start in range(0, len(pairs), step):
        part = slice(start, start + step)
        similarity[part] = cosine_of_pairs(query, rows, (pairs[part, 0], place[part]))
    return Found(pairs[:, 0], pairs[:, 1] + begin, similarity)


def merged(best: Found, new: Found, k: int) -> Found:
    """The k best of both for each query; ties go to the lower row."""
    query, row, similarity = (np.concatenate(pair) for pair in zip(best, new, strict=True))
    order = np.lexsort((row, -similarity, query))
    query = query[order]
    kept = np.arange(len(query)) - np.searchsorted(query, query) < k  # place among its query's neighbours
    return Found(query[kept], row[order][kept], similarity[order][kept])


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
