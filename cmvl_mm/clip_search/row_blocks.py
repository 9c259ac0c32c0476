"""Rows for a search, one block at a time, from memory or from a folder of parts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.embedding.embeddings import EmbeddingsMeta

Numbers = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

BLOCK_BYTES = 8 << 20
"""Bytes of vectors searched at once: small blocks have much overhead, large blocks do not fit into the cache."""


class Row(NamedTuple):
    """The columns of a row except its vector."""

    path: str
    start: float
    end: float
    label: str | None


@dataclass(frozen=True)
class RowBlock:
    """Some rows in order."""

    rows: Numbers
    """(n,) numbers of the rows."""
    vectors: Vectors
    """(n, C) vectors in a separate, writable copy."""
    videos: Numbers
    """(n,) number of each row's video, the same in all blocks."""
    paths: pa.ChunkedArray
    """(n,) paths of the videos."""
    where: str = ''
    """For messages: the files and ': ', if there are several files."""


Task = Callable[[], RowBlock]
"""A function that reads a block; several may run at once."""


class Rows(Protocol):
    """The rows that a search reads."""

    @property
    def meta(self) -> EmbeddingsMeta:
        """Metadata of all rows."""

    @property
    def channels(self) -> int:
        """Number of channels C of the vectors."""

    def __len__(self) -> int: ...

    def tasks(self, where: RowFilter) -> Iterator[Task]:
        """Tasks that read blocks of all rows that pass, in order; some blocks may be empty."""

    def vectors_at(self, rows: Numbers) -> Vectors:
        """(m, C) vectors of rows by number, in the given order."""

    def rows_at(self, rows: Numbers) -> list[Row]:
        """The other columns of rows by number, in the given order."""


class InMemory:
    """Rows as one Arrow table.

    Args:
        table: table made by `embeddings.table_of`.
        meta: metadata of the rows.
    """

    def __init__(self, table: pa.Table, meta: EmbeddingsMeta) -> None:
        self.meta = meta
        self.channels: int = table.schema.field('vector').type.list_size
        self._table = table
        self._videos = table.column('path').combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)

    def __len__(self) -> int:
        return len(self._table)

    def tasks(self, where: RowFilter) -> Iterator[Task]:
        """Tasks that read slices of the table."""
        step = block_rows(self.channels)

        def task(begin: int) -> Task:
            table = self._table.slice(begin, step)
            return lambda: block_of(begin, table, self._videos[begin : begin + step], where)

        return (task(begin) for begin in range(0, len(self), step))

    def vectors_at(self, rows: Numbers) -> Vectors:
        """See `Rows`."""
        return copied_vectors(self._table.take(pa.array(rows)))

    def rows_at(self, rows: Numbers) -> list[Row]:
        """See `Rows`."""
        return told_rows(self._table.take(pa.array(rows)))


def block_rows(channels: int) -> int:
    """Number of rows per block."""
    return max(1, BLOCK_BYTES // (4 * channels))


def block_of(begin: int, table: pa.Table, videos: Numbers, where: RowFilter, files: str = '') -> RowBlock:
    """The rows of a table that pass.

    Args:
        begin: number of the table's first row.
        table: table with vector, path, and the filter's columns.
        videos: (n,) video numbers of the rows.
        where: filter of the rows.
        files: see `RowBlock.where`.
    """
    passed = where.mask(table)
    rows = np.arange(begin, begin + len(table))
    if passed is None:
        return RowBlock(rows, copied_vectors(table), videos, table.column('path'), files)
    places = np.flatnonzero(passed)
    chosen = table.select(['path', 'vector']).take(pa.array(places))
    return RowBlock(rows[places], copied_vectors(chosen), videos[places], chosen.column('path'), files)


def copied_vectors(table: pa.Table) -> Vectors:
    """(n, C) vectors of an Arrow table, copied chunk by chunk into one array."""
    column = table.column('vector')
    width, begin = column.type.list_size, 0
    vectors = np.empty((len(table), width), np.float32)
    for chunk in column.chunks:
        values = chunk.values.slice(chunk.offset * width, len(chunk) * width).to_numpy()
        vectors[begin : begin + len(chunk)] = values.reshape(len(chunk), width)
        begin += len(chunk)
    return vectors


def told_rows(table: pa.Table) -> list[Row]:
    """The rows of a table without vectors."""
    columns: Sequence[list] = [table.column(name).to_pylist() for name in Row._fields]
    return [Row(*told) for told in zip(*columns, strict=True)]
