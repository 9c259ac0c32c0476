"""Engines that rank rows: exact search over all rows, or an index next to the parts."""

from pathlib import Path
from typing import Protocol

from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.own_videos import OwnVideos
from cmvl_mm.clip_search.row_blocks import InMemory, Numbers, Row, Rows, Vectors
from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.clip_search.stored_rows import open_rows
from cmvl_mm.clip_search.streamed import Best, nearest_rows
from cmvl_mm.embedding.cores import usable_cores
from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsMeta, table_of


class Engine(Protocol):
    """Rows that can be searched; `Rows` documents the other methods."""

    @property
    def meta(self) -> EmbeddingsMeta: ...

    @property
    def channels(self) -> int: ...

    def __len__(self) -> int: ...

    def vectors_at(self, rows: Numbers) -> Vectors: ...

    def rows_at(self, rows: Numbers) -> list[Row]: ...

    def nearest(self, query: Vectors, k: int, *, by_video: bool, where: RowFilter, own: OwnVideos | None) -> Best:
        """The k best rows of each query; see `streamed.nearest_rows`."""


class Exact:
    """The exact search, which compares every row."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.meta, self.channels = rows.meta, rows.channels
        self.vectors_at, self.rows_at = rows.vectors_at, rows.rows_at

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, query: Vectors, k: int, *, by_video: bool, where: RowFilter, own: OwnVideos | None) -> Best:
        """See `Engine`."""
        return nearest_rows(query, self._rows.tasks(where), k, by_video=by_video, own=own, workers=usable_cores())


def open_engine(features: Embeddings | str | Path, index: str | None) -> Engine:
    """Open the engine for rows in memory, a file or a folder; arguments and errors as for `search.search`."""
    if index is not None:
        if isinstance(features, Embeddings):
            raise SearchError(f'index {index!r}: rows in memory have no index. Remedy: pass the folder of the index.')
        from cmvl_mm.clip_search.indexes import open_index

        return open_index(features, index)
    return Exact(
        InMemory(table_of(features), features.meta) if isinstance(features, Embeddings) else open_rows(features)
    )
