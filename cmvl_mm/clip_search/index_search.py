"""Searching by an index: it proposes rows, the exact cosine ranks them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from cmvl_mm.clip_search.best_rows import NOTHING, Best, joined, ranked
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import Numbers, Row, RowBlock, Vectors
from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.embedding.embeddings import EmbeddingsMeta
from cmvl_mm.evaluation.cosine import l2_normalise

PROPOSED, LEAST = 10, 100  # rows that are ranked for each of the k, and at least: codes of 8 bits blur the order
_WIDER = 4  # times as much is looked at where too few rows came
_QUERIES = 1024  # at once


class Index(Protocol):
    """One kind of index, opened.

    Args:
        folder: of its files.
        settings: of its record.
        remedy: for messages.

    Raises:
        SearchError: its files are damaged.
        ModuleNotFoundError: its library is not installed.
    """

    channels: int
    cells: int
    """That all rows are in."""

    def __init__(self, folder: Path, settings: Mapping[str, int], remedy: str) -> None: ...

    @classmethod
    def build(cls, folder: Path, parts: Parts) -> dict[str, int]:
        """Write the files of an index, in bounded memory; its settings, with the fewest probes."""

    @classmethod
    def library(cls) -> str:
        """Name and version of what it needs, 'faiss-cpu 1.15.1'. Raises ModuleNotFoundError: it is not installed."""

    def __len__(self) -> int: ...

    def passing(self, where: RowFilter) -> int:
        """How many rows pass."""

    def propose(self, query: Vectors, count: int, effort: float, where: RowFilter) -> tuple[Numbers, bool]:
        """Rows that may be near, of those that pass.

        Args:
            query: (q, C) of length 1.
            count: of rows for each query.
            effort: how many times as many cells as the record says are looked at.
            where: which rows pass.

        Returns:
            (m, 2) query and row; and whether every cell was looked at.
        """

    def block_at(self, rows: Numbers) -> RowBlock:
        """Rows by rising number, with their vectors."""

    def rows_at(self, rows: Numbers) -> list[Row]:
        """What rows say, in the order asked for."""


class IndexEngine:
    """An index as `engines.Engine`."""

    def __init__(self, index: Index, meta: EmbeddingsMeta) -> None:
        self.index, self.meta, self.channels = index, meta, index.channels
        self.rows_at = index.rows_at

    def __len__(self) -> int:
        return len(self.index)

    def vectors_at(self, rows: Numbers) -> Vectors:
        """(m, C) of rows by number."""
        different, places = np.unique(rows, return_inverse=True)
        if not len(rows):
            return np.empty((0, self.channels), np.float32)
        return self.index.block_at(different).vectors[places]

    def nearest(self, query: Vectors, k: int, *, by_video: bool, where: RowFilter, own: OwnVideos | None) -> Best:
        """The k best of what the index proposes; it is asked for more where fewer than k come, and there are more.

        With a filter, cells are added in proportion to what it leaves out, so that as many rows are compared.
        """
        passing = self.index.passing(where)
        if not passing:
            return NOTHING
        found = []
        for begin in range(0, len(query), _QUERIES):
            tile = np.arange(begin, min(begin + _QUERIES, len(query)))
            count, effort = max(PROPOSED * k, LEAST), len(self) / passing
            while len(tile):
                best, is_all = self._asked(query, tile, min(count, passing), effort, (k, by_video, where, own))
                counts = best.counts(len(query))
                done = tile if is_all and count >= passing else tile[counts[tile] >= k]
                found.append(best.at(np.isin(best.query, done)))
                tile = np.setdiff1d(tile, done)
                count, effort = count * _WIDER, effort * _WIDER
        best = joined(found)
        return best.at(np.argsort(best.query, kind='stable'))

    def _asked(
        self,
        query: Vectors,
        tile: Numbers,
        count: int,
        effort: float,
        rest: tuple[int, bool, RowFilter, OwnVideos | None],
    ) -> tuple[Best, bool]:
        """The k best of some queries, of what the index proposes; and whether it has looked everywhere."""
        k, by_video, where, own = rest
        exact = l2_normalise(query)
        pairs, is_all = self.index.propose(exact[tile].astype(np.float32), count, effort, where)
        rows, places = np.unique(pairs[:, 1], return_inverse=True)
        if not len(rows):
            return NOTHING, is_all
        block = self.index.block_at(rows)
        pairs = np.stack([tile[pairs[:, 0]], places], axis=1)
        if own is not None:
            barred = own.pairs(block.paths)
            pairs = pairs[~np.isin(pairs @ [len(rows), 1], barred @ [len(rows), 1])]
        return ranked(exact, block, pairs, k, by_video), is_all
