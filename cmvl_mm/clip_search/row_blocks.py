"""Rows as a search goes through them: a block at a time, whether they lie in memory or in a folder of parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cmvl_mm.embedding.embeddings import Embeddings, EmbeddingsMeta, vectors_of


class Row(NamedTuple):
    """What a row says beside its vector; the columns of these names."""

    path: str
    start: float
    end: float
    label: str | None


@dataclass(frozen=True)
class RowBlock:
    """Neighbouring rows. All rows of a video are in one block."""

    begin: int
    """Number of the first row."""
    vectors: npt.NDArray[np.float32]
    """(n, C)"""
    videos: npt.NDArray[np.int64]
    """(n,) the video of each row, a place in `names`."""
    names: list[str]
    """Paths of the videos."""
    row: Callable[[int], Row]
    """Of a place in the block."""
    where: str = ''
    """For messages: the file and ': ', where there are several."""


class Rows(Protocol):
    """What is searched."""

    @property
    def meta(self) -> EmbeddingsMeta:
        """Of all rows."""

    def __len__(self) -> int: ...

    def blocks(self) -> Iterator[RowBlock]:
        """All rows, in order."""

    def block_of(self, row: int) -> RowBlock:
        """The block that holds a row."""


class InMemory:
    """Embeddings as one block."""

    def __init__(self, found: Embeddings) -> None:
        self.meta = found.meta
        names, videos = np.unique(found.paths, return_inverse=True)

        def row(place: int) -> Row:
            start, end = float(found.starts[place]), float(found.ends[place])
            return Row(str(found.paths[place]), start, end, found.labels[place])

        self._block = RowBlock(0, found.vectors, videos.astype(np.int64), names.tolist(), row)

    def __len__(self) -> int:
        return len(self._block.vectors)

    def blocks(self) -> Iterator[RowBlock]:
        """The one, if it has rows."""
        if len(self):
            yield self._block

    def block_of(self, row: int) -> RowBlock:
        """The one."""
        return self._block


def block_of_table(begin: int, table: pa.Table, where: str) -> RowBlock:
    """Rows as Arrow's table. Arguments: `RowBlock`."""
    paths = table.column('path').combine_chunks().dictionary_encode()
    told = table.select(list(Row._fields))

    def row(place: int) -> Row:
        return Row(**told.slice(place, 1).to_pylist()[0])

    videos = paths.indices.to_numpy().astype(np.int64)
    return RowBlock(begin, vectors_of(table), videos, paths.dictionary.to_pylist(), row, where)
