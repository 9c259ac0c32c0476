"""The best rows of several queries, in one order and with one rule for ties for every engine."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.clip_search.row_blocks import BLOCK_BYTES, Numbers, RowBlock
from cmvl_mm.evaluation.sifting import decide

Floats = npt.NDArray[np.float64]


class Best(NamedTuple):
    """Rows of several queries in one list, sorted by query, then decreasing cosine, then row."""

    query: Numbers  # (m,)
    row: Numbers  # (m,)
    video: Numbers  # (m,)
    cosine: Floats  # (m,)

    def at(self, places: npt.NDArray) -> 'Best':
        """The entries at these places."""
        return Best(self.query[places], self.row[places], self.video[places], self.cosine[places])

    def counts(self, queries: int) -> Numbers:
        """(q,) number of rows of each query."""
        return np.bincount(self.query, minlength=queries)

    def kth(self, k: int, queries: int) -> Floats:
        """(q,) cosine of each query's k-th row; -inf if it has fewer rows."""
        counts = self.counts(queries)
        found = np.full(queries, -np.inf)
        found[counts >= k] = self.cosine[(counts.cumsum() - counts)[counts >= k] + k - 1]
        return found


NOTHING = Best(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def joined(several: Iterable[Best]) -> Best:
    """Concatenate several results, without sorting."""
    query, row, video, cosine = zip(NOTHING, *several, strict=True)
    return Best(np.concatenate(query), np.concatenate(row), np.concatenate(video), np.concatenate(cosine))


def kept(found: Best, k: int, by_video: bool) -> Best:
    """The k best rows of each query, in order; with `by_video` only the best row of each video."""
    found = found.at(np.lexsort((found.row, -found.cosine, found.query)))
    if by_video and len(found.row):
        pairs = found.query * (found.video.max() + 1) + found.video
        found = found.at(np.sort(np.unique(pairs, return_index=True)[1]))
    places = np.arange(len(found.query)) - np.searchsorted(found.query, found.query)
    return found.at(places < k)


def ranked(query: Floats, block: RowBlock, pairs: Numbers, k: int, by_video: bool) -> Best:
    """The best pairs of query and row by the exact cosine.

    Args:
        query: (q, C) of length 1.
        block: block of rows.
        pairs: (m, 2), query and position in the block.
        k: number of rows per query.
        by_video: see `kept`.
    """
    cosine = decide(query, block.vectors, block.rows, pairs, BLOCK_BYTES)
    return kept(Best(pairs[:, 0], block.rows[pairs[:, 1]], block.videos[pairs[:, 1]], cosine), k, by_video)
