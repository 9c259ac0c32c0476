"""Read a folder of parts, either completely into memory or part by part."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from cmvl_mm.clip_search.part_files import PartFiles
from cmvl_mm.clip_search.row_blocks import (
    Numbers,
    Row,
    RowBlock,
    Task,
    Vectors,
    block_of,
    block_rows,
    copied_vectors,
    told_rows,
)
from cmvl_mm.clip_search.row_filter import RowFilter, encoded_names
from cmvl_mm.embedding.embeddings import (
    Embeddings,
    EmbeddingsError,
    EmbeddingsMeta,
    embeddings_of,
    footer_of,
    read_columns,
)
from cmvl_mm.embedding.parts_manifest import NAME, manifest_of
from cmvl_mm.embedding.same_rows import require_same

_REMEDY = 'repeat the command that wrote the folder; it writes what is missing or damaged.'
_FOOTERS = 512  # footers read at once


class Parts:
    """A complete folder of parts.

    Args:
        files: files written by `embed_folder`.

    Raises:
        FileNotFoundError: the folder does not exist.
        EmbeddingsError: it is not a folder of parts, or parts are missing, damaged, or of other weights or settings.
    """

    def __init__(self, files: PartFiles, where: str) -> None:
        manifest = manifest_of(files.manifest(), f'{where}/{NAME}')
        self.files, self.where = files, where
        self.meta: EmbeddingsMeta = manifest.meta
        self.parts = manifest.parts
        missing = files.missing(manifest.parts)
        if missing:
            raise EmbeddingsError(
                f'{where}: {len(missing)} of {manifest.parts} parts are missing, first {missing[0]}. Remedy: {_REMEDY}'
            )
        counts = [0]
        widths: dict[int, str] = {}
        for number, footer in self._footers():
            name = files.where(number)
            meta, facts = footer_of(footer, name, _REMEDY)
            require_same(name, meta, manifest.meta, f'remove this part, then {_REMEDY}')
            counts.append(facts.num_rows)
            widths.setdefault(facts.schema.to_arrow_schema().field('vector').type.list_size, name)
        if len(widths) > 1:
            told = ', '.join(f'{name} {width}' for width, name in widths.items())
            raise EmbeddingsError(f'{where}: its parts have different numbers of channels: {told}. Remedy: {_REMEDY}')
        self.channels: int = next(iter(widths), 0)
        self.begins: Numbers = np.cumsum(counts)
        """First row of each part, then the number of all rows."""

    def __len__(self) -> int:
        return int(self.begins[-1])

    def tasks(self, where: RowFilter) -> Iterator[Task]:
        """Tasks that read blocks of a few neighbouring parts."""
        return (self._task(numbers, where) for numbers in self._groups())

    def tables(self) -> Iterator[pa.Table]:
        """Tables with all columns of such blocks, one by one; paths are dictionary-encoded."""
        return (self._table(numbers, [*Row._fields, 'vector']) for numbers in self._groups())

    def vectors_at(self, rows: Numbers) -> Vectors:
        """(m, C) vectors of rows by number; one part at a time is in memory."""
        found = np.empty((len(rows), self.channels), np.float32)
        for places, table in self._chosen(rows, ['vector']):
            found[places] = copied_vectors(table)
        return found

    def rows_at(self, rows: Numbers) -> list[Row]:
        """The other columns of rows by number; one part at a time is in memory."""
        found: dict[int, Row] = {}
        for places, table in self._chosen(rows, Row._fields):
            found.update(zip(places.tolist(), told_rows(table), strict=True))
        return [found[place] for place in range(len(rows))]

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Some columns of all rows in memory; paths are dictionary-encoded."""
        return pa.concat_tables(self._table(numbers, names) for numbers in self._groups()).unify_dictionaries()

    def whole(self) -> Embeddings:
        """All rows in memory."""
        return embeddings_of(self.columns([*Row._fields, 'vector']), self.meta)

    def _groups(self) -> Iterator[range]:
        """Ranges of neighbouring parts that form a block."""
        first, most = 0, block_rows(self.channels)
        for end in range(1, self.parts + 1):
            if end == self.parts or self.begins[end + 1] - self.begins[first] > most:
                yield range(first, end)
                first = end

    def _footers(self) -> Iterator[tuple[int, pa.NativeFile]]:
        for first in range(0, self.parts, _FOOTERS):
            numbers = range(first, min(first + _FOOTERS, self.parts))
            yield from zip(numbers, self.files.footers(numbers), strict=True)

    def _task(self, numbers: range, where: RowFilter) -> Task:
        def read() -> RowBlock:
            table = self._table(numbers, list(dict.fromkeys(['path', 'vector', *where.columns])))
            begin = int(self.begins[numbers.start])
            videos = begin + encoded_names(table.column('path')).indices.to_numpy().astype(np.int64)
            files = self.files.where(numbers.start)
            if len(numbers) > 1:
                files += f' to {self.files.where(numbers[-1]).rpartition("/")[2]}'
            return block_of(begin, table, videos, where, f'{files}: ')

        return read

    def _table(self, numbers: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Columns of neighbouring parts."""
        tables = []
        for number, content in zip(numbers, self.files.read(numbers), strict=True):
            table = read_columns(content, self.files.where(number), _REMEDY, columns)
            rows = int(self.begins[number + 1] - self.begins[number])
            if len(table) != rows:
                raise EmbeddingsError(
                    f'{self.files.where(number)}: has {len(table)} rows now, but had {rows} when the search began. '
                    'Remedy: repeat the search when no run writes to the folder.'
                )
            tables.append(table)
        return pa.concat_tables(tables).unify_dictionaries()

    def _chosen(self, rows: Numbers, columns: Sequence[str]) -> Iterator[tuple[Numbers, pa.Table]]:
        """Positions in `rows` and the rows at them, part by part."""
        parts = np.searchsorted(self.begins, rows, side='right') - 1
        for number in np.unique(parts).tolist():
            places = np.flatnonzero(parts == number)
            table = self._table([number], columns)
            yield places, table.take(pa.array(rows[places] - self.begins[number]))
