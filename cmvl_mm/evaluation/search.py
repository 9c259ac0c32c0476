"""The one search over features: nearest neighbours by cosine, exact unless an index is asked for."""

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
    recall: float  # share of the exact neighbours that were found, over a sample of queries; 1 of the exact search


@dataclass(frozen=True)
class Exact:
    """Every row of the gallery is compared."""

    device: str = 'cpu'
    """Of the matrix product: 'cpu' or 'cuda:0'."""
    block_bytes: int = BLOCK_BYTES
    """Working memory beside queries and result; on a GPU as much again there."""

    def __post_init__(self) -> None:
        require_device(self.device)
        if self.block_bytes < 1:
            raise ValueError(f'block_bytes={self.block_bytes} must be at least 1')


@dataclass(frozen=True)
class IVF:
    """FAISS looks at the cells nearest to the query. The index is built anew by each call: for many queries."""

    lists: int
    """Cells of the gallery; usual are 4 to 16 times the root of its rows."""
    probes: int
    """Cells looked at for each query."""
    sample: int = 100
    """Queries, evenly spaced, that are searched exactly, too, to say what was missed."""


EXACT = Exact()


def nearest(
    query: np.ndarray,
    gallery: np.ndarray,
    k: int,
    *,
    index: Exact | IVF = EXACT,
    progress: Callable[[int, int], None] | None = None,
) -> Neighbours:
    """Rows of the gallery by falling cosine similarity.

    Similarities are float64 and a function of the two rows alone, so equal rows tie exactly; ties go to the lower row.
    Unequal rows whose true cosines differ by less than the rounding of float64 come in the order of the rounded ones.

    Args:
        query: (q, C) features.
        gallery: (g, C) features of any real type, or a file of them, `np.load(path, mmap_mode='r')`.
        k: how many; all of the gallery if it is smaller.
        index: how to search.
        progress: called with rows searched and rows in all, after each block of an exact search.

    Raises:
        ValueError: shapes that do not go together, nothing to search, or a feature that is zero or not finite.
        ModuleNotFoundError: IVF without FAISS.
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
    # whoever reaches the exact k-th is right, also where another row ties with it
    return Neighbours(rows, similarity, recall=float((similarity[sample] >= exact[:, -1:]).mean()))
