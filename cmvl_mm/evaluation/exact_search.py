"""Exact nearest neighbours in bounded memory: a float32 product filters, float64 decides.

A pair's similarity is `cosine_of_pairs`, in float64. A block of the gallery is multiplied in float32, and pairs below
the k-th best by more than the rounding error are dropped; the few remaining pairs are ranked by the float64 number.
So the result equals a ranking of all pairs in float64, and does not depend on block size, device or threads.
Equal rows cannot be filtered: if thousands tie with the k-th best, each is ranked separately, which is slow.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from .cosine import l2_normalise
from .sifting import decide, full_precision, odd_lengths, passing


class Found(NamedTuple):
    """Neighbours of several queries in one list, sorted by query, then descending similarity, then row."""

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
            numbers = np.arange(begin, begin + len(raw))
            lengths = read_float32(raw, begin, buffer).to(device)
            block = torch.from_numpy(buffer[: len(raw)]).to(device)
            for number, tile in enumerate(tiles):
                floor = torch.from_numpy(reached(best[number], k, len(query[tile]))).to(device)
                similarity = (loose_query[tile] @ block.T).div_(lengths)
                pairs = passing(similarity, query[tile], raw, numbers, floor, k).nonzero().cpu().numpy()
                exact = decide(query[tile], raw, numbers, pairs, block_bytes)
                new = Found(pairs[:, 0], pairs[:, 1] + begin, exact)
                best[number] = merged(best[number], new, k)
            if progress is not None:
                progress(begin + len(raw), len(gallery))
    neighbours = np.concatenate([part.row for part in best]).reshape(-1, k)
    return neighbours, np.concatenate([part.similarity for part in best]).reshape(-1, k)


def block_shape(gallery: int, channels: int, block_bytes: int) -> tuple[int, int]:
    """Number of gallery rows in a block and of queries in a tile that keep the working memory within `block_bytes`.

    A value of the block takes 4 bytes, and 28 more if all its rows pass. A pair takes about 100 bytes if all pairs
    pass. The pairs that are decided together take an eighth of the memory.
    """
    rows = max(1, min(gallery, block_bytes // (64 * channels)))
    return rows, max(1, block_bytes // (256 * rows))


def read_float32(raw: np.ndarray, begin: int, buffer: np.ndarray) -> torch.Tensor:
    """Copy rows to the buffer as float32 and return their lengths, (n,) float32.

    Rows outside the range of float32 are normalised to length 1.

    Raises:
        ValueError: a row is zero or not finite; `begin` is the gallery number of the first row.
    """
    block = buffer[: len(raw)]
    with np.errstate(over='ignore'):  # overflow from float64: such rows are too long, and handled below
        np.copyto(block, raw, casting='same_kind')
    lengths = torch.linalg.vector_norm(torch.from_numpy(block), dim=1)
    for row in odd_lengths(lengths):
        block[row] = l2_normalise(raw[row : row + 1], begin + row)[0]
        lengths[row] = 1
    return lengths


def reached(best: Found, k: int, queries: int) -> np.ndarray:
    """(q,) the similarity of each query's k-th neighbour so far; -inf if it has fewer."""
    counts = np.bincount(best.query, minlength=queries)
    floor = np.full(queries, -np.inf)
    floor[counts == k] = best.similarity[counts.cumsum()[counts == k] - 1]
    return floor


def merged(best: Found, new: Found, k: int) -> Found:
    """The k best of both for each query; ties go to the lower row."""
    query, row, similarity = (np.concatenate(pair) for pair in zip(best, new, strict=True))
    order = np.lexsort((row, -similarity, query))
    query = query[order]
    kept = np.arange(len(query)) - np.searchsorted(query, query) < k  # rank among its query's neighbours
    return Found(query[kept], row[order][kept], similarity[order][kept])
