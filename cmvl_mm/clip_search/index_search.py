"""Search with an index: the index proposes rows, and the exact cosine ranks them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from cmvl_mm.clip_search.best_rows import NOTHING, Best, Floats, joined, ranked
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import Numbers, Row, RowBlock, Vectors
from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.embedding.embeddings import EmbeddingsMeta
from cmvl_mm.evaluation.cosine import l2_normalise

PROPOSED, LEAST = 10, 100  # rows ranked per result, and at least: codes of 8 bits change the order
_WIDER = 4  # factor for the effort if too few rows were found
_QUERIES = 1024  # queries at once


class Index(Protocol):
    """An open index of one kind. Several threads may search it at once.

    Args:
        folder: folder of the index files.
        settings: settings from the record.
        remedy: remedy for messages.

    Raises:
        SearchError: the files are damaged.
        ModuleNotFoundError: the library is not installed.
    """

    channels: int
    cells: int
    """Number of cells of the index."""

    def __init__(self, folder: Path, settings: Mapping[str, int], remedy: str) -> None: ...

    @classmethod
    def build(cls, folder: Path, parts: Parts) -> dict[str, int]:
        """Write the files of an index in bounded memory; returns its settings, with the fewest probes."""

    @classmethod
    def library(cls) -> str:
        """Name and version of the library, 'faiss 1.15.1'. Raises ModuleNotFoundError if it is not installed."""

    def __len__(self) -> int: ...

    def passing(self, where: RowFilter) -> int:
        """Number of rows that pass the filter."""

    def propose(self, query: Vectors, count: int, effort: float, where: RowFilter) -> tuple[Numbers, bool]:
        """Rows that pass the filter and may be near.

        Args:
            query: (q, C) of length 1.
            count: number of rows per query.
            effort: factor for the number of cells in the record.
            where: filter of the rows.

        Returns:
            (m, 2) query and row; and whether every cell was searched.
        """

    def block_at(self, rows: Numbers) -> RowBlock:
        """The rows in increasing order of their numbers, with vectors."""

    def rows_at(self, rows: Numbers) -> list[Row]:
        """The columns of rows except vectors, in the given order."""


class IndexEngine:
    """An `engines.Engine` that uses an index."""

    def __init__(self, index: Index, meta: EmbeddingsMeta) -> None:
        self.index, self.meta, self.channels = index, meta, index.channels
        self.rows_at = index.rows_at

    def __len__(self) -> int:
        return len(self.index)

    def vectors_at(self, rows: Numbers) -> Vectors:
        """(m, C) vectors of rows by number."""
        different, places = np.unique(rows, return_inverse=True)
        if not len(rows):
            return np.empty((0, self.channels), np.float32)
        return self.index.block_at(different).vectors[places]

    def nearest(self, query: Vectors, k: int, *, by_video: bool, where: RowFilter, own: OwnVideos | None) -> Best:
        """The k best rows that the index proposes; if fewer than k are found, the search is repeated with more cells.

        With a filter, the number of cells grows with the share that it excludes, so that as many rows are compared.
        """
        passing, exact = self.index.passing(where), l2_normalise(query)
        found = []
        for begin in range(0, len(exact) if passing else 0, _QUERIES):
            left = np.arange(begin, min(begin + _QUERIES, len(exact)))
            count, effort = max(PROPOSED * k, LEAST), len(self) / passing
            while len(left):
                pairs, is_all = self.index.propose(exact[left].astype(np.float32), min(count, passing), effort, where)
                best = self._ranked(exact, np.stack([left[pairs[:, 0]], pairs[:, 1]], axis=1), k, by_video, own)
                is_done = best.counts(len(exact))[left] >= k
                is_done |= is_all and count >= passing
                found.append(best.at(np.isin(best.query, left[is_done])))
                left, count, effort = left[~is_done], count * _WIDER, effort * _WIDER
        best = joined(found)
        return best.at(np.argsort(best.query, kind='stable'))

    def _ranked(self, exact: Floats, pairs: Numbers, k: int, by_video: bool, own: OwnVideos | None) -> Best:
        """The k best of (m, 2) pairs of query and row."""
        rows, places = np.unique(pairs[:, 1], return_inverse=True)
        if not len(rows):
            return NOTHING
        block = self.index.block_at(rows)
        pairs = np.stack([pairs[:, 0], places], axis=1)
        if own is not None:
            barred = own.pairs(block.paths)
            pairs = pairs[~np.isin(pairs @ [len(rows), 1], barred @ [len(rows), 1])]
        return ranked(exact, block, pairs, k, by_video)
