"""The rows of all parts in one Arrow file, which is mapped into memory for quick access to any few rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import (
    Numbers,
    Row,
    RowBlock,
    Vectors,
    copied_vectors,
    told_rows,
)
from cmvl_mm.clip_search.row_filter import RowFilter, names_of
from cmvl_mm.embedding.embeddings import schema_of

NAME = 'rows.arrow'


def write_rows(path: Path, parts: Parts) -> None:
    """Copy the rows of all parts, block by block.

    Raises:
        OSError: the disk is full.
        EmbeddingsError: a part cannot be read.
    """
    schema = schema_of(parts.channels)
    with pa.OSFile(str(path), 'wb') as file, pa.ipc.new_file(file, schema) as writer:
        for table in parts.tables():
            writer.write_table(plain(table, schema).combine_chunks())


def plain(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The same table with paths as strings."""
    columns = [table.column(name).cast(schema.field(name).type) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


class RowsFile:
    """A file written by `write_rows`.

    Args:
        path: path of the file.
        mapped: map the file into memory, where the system caches pages; otherwise each block is read on request.

    Raises:
        OSError, pa.ArrowException: the file is damaged.
    """

    def __init__(self, path: Path, mapped: bool = True) -> None:
        self._file = pa.ipc.open_file(pa.memory_map(str(path)) if mapped else pa.OSFile(str(path)))
        counts = [self._file.get_batch(number).num_rows for number in range(self._file.num_record_batches)]
        self.begins: Numbers = np.cumsum([0, *counts])
        """First row of each block, then the number of all rows."""
        self.channels: int = self._file.schema.field('vector').type.list_size

    def __len__(self) -> int:
        return int(self.begins[-1])

    def blocks(self) -> Iterator[tuple[int, Vectors]]:
        """First row and vectors of each block, in order."""
        for number, begin in enumerate(self.begins[:-1].tolist()):
            yield begin, copied_vectors(self._block(number, ['vector']))

    def mask(self, where: RowFilter) -> np.ndarray | None:
        """(n,) bool, whether each row passes; None if all pass."""
        masks = [where.mask(self._block(number, where.columns)) for number in range(len(self.begins) - 1)]
        chosen = [mask for mask in masks if mask is not None]
        return np.concatenate(chosen) if chosen else None

    def vectors_at(self, rows: Numbers) -> Vectors:
        """(m, C) vectors of rows by number."""
        found = np.empty((len(rows), self.channels), np.float32)
        for places, block, chosen in self._chosen(rows, ['vector']):
            found[places] = copied_vectors(block.take(chosen))
        return found

    def rows_at(self, rows: Numbers) -> list[Row]:
        """The other columns of rows by number."""
        found: dict[int, Row] = {}
        for places, block, chosen in self._chosen(rows, Row._fields):
            found.update(zip(places.tolist(), told_rows(block.take(chosen)), strict=True))
        return [found[place] for place in range(len(rows))]

    def block_at(self, rows: Numbers) -> RowBlock:
        """The rows in increasing order of their numbers."""
        tables = [block.take(chosen) for _, block, chosen in self._chosen(rows, ['path', 'vector'])]
        table = pa.concat_tables(tables)
        return RowBlock(rows, copied_vectors(table), names_of(table.column('path'))[1], table.column('path'))

    def _block(self, number: int, columns: Sequence[str]) -> pa.Table:
        return pa.Table.from_batches([self._file.get_batch(number)]).select(list(columns))

    def _chosen(self, rows: Numbers, columns: Sequence[str]) -> Iterator[tuple[Numbers, pa.Table, pa.Array]]:
        """Positions in `rows`, the block that holds these rows, and the positions in the block."""
        blocks = np.searchsorted(self.begins, rows, side='right') - 1
        for number in np.unique(blocks).tolist():
            places = np.flatnonzero(blocks == number)
            yield places, self._block(number, columns), pa.array(rows[places] - self.begins[number])
