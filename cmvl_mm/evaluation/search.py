"""Search over features: nearest neighbours by cosine, exact unless an approximate index is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cmvl_mm.models.devices import require_device

from .exact_search import exact_search
from .ivf_search import ivf_search

BLOCK_BYTES = 256 * 2**20


class Neighbours(NamedTuple):
    """The k nearest of every query, nearest first."""

    rows: np.ndarray  # (q, k) int64
    similarity: np.ndarray  # (q, k) float64, cosines
    recall: float  # share of the exact neighbours that were found, over a sample of queries; 1 for the exact search


@dataclass(frozen=True)
class Exact:
    """Exact search: compare every row of the gallery."""

    device: str = 'cpu'
    """Device of the matrix product: 'cpu' or 'cuda:0'."""
    block_bytes: int = BLOCK_BYTES
    """Working memory in addition to queries and result; a GPU needs the same amount of its own memory."""

    def __post_init__(self) -> None:
        require_device(self.device)
        if self.block_bytes < 1:
            raise ValueError(f'block_bytes={self.block_bytes} must be at least 1')


@dataclass(frozen=True)
class IVF:
    """Approximate search by FAISS in the cells nearest to the query. Each call builds the index: use many queries."""

    lists: int
    """Cells of the gallery, usually 4 to 16 times the square root of the number of rows."""
    probes: int
    """Cells searched for each query."""
    sample: int = 100
    """Number of evenly spaced queries that are also searched exactly, to measure the recall."""


EXACT = Exact()


def nearest(
    query: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    index: Exact | IVF = EXACT,
    progress: Callable[[int, int], None] | None = None,
) -> Neighbours:
    """Rows of the gallery by descending cosine similarity.

    Similarities are float64 and depend only on the two rows, so equal rows tie exactly; ties go to the lower row.
    Unequal rows whose true cosines differ by less than the rounding of float64 are in the order of the rounded values.

    Args:
        query: (q, C) features.
        gallery: (g, C) features of any real type, or a file of them, `np.load(path, mmap_mode='r')`.
        k: number of neighbours; all of the gallery if it is smaller.
        index: the kind of search.
        progress: called with searched rows and total rows after each block of an exact search.

    Raises:
        ValueError: the shapes do not match, there is nothing to search, or a feature is zero or not finite.
        ModuleNotFoundError: the index is IVF and FAISS is not installed.
    """
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1] or not query.size or not gallery.size:
        raise ValueError(f'query {query.shape} and gallery {gallery.shape} must be (q, C) and (g, C), neither empty')
    if k < 1:
        raise ValueError(f'k={k} must be at least 1')
    k = min(k, len(gallery))
    if isinstance(index, Exact):
        return Neighbours(*exact_search(query, gallery, k, index.device, index.block_bytes, progress), recall=1.0)
    rows, similarity = ivf_search(query, gallery, k, index.lists, index.probes, BLOCK_BYTES)
    sample = np.unique(np.linspace(0, len(query) - 1, index.sample).astype(np.int64))
    _, exact = exact_search(query[sample], gallery, k, EXACT.device, EXACT.block_bytes, progress)
    # a row that reaches the exact k-th similarity is right, also if another row ties with it
    return Neighbours(rows, similarity, recall=float((similarity[sample] >= exact[:, -1:]).mean()))
