"""A table of LanceDB with LanceDB's index, which other programs can extend or query by SQL."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.ivf_index import TRAINED_ON, cells_of
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import Numbers, Row, RowBlock, Vectors, copied_vectors, told_rows
from cmvl_mm.clip_search.row_filter import RowFilter, names_of
from cmvl_mm.clip_search.rows_file import plain
from cmvl_mm.embedding.embeddings import schema_of
from cmvl_mm.files.extras import remedy_for

TABLE = 'rows'
_FEWEST = 256  # rows that LanceDB's training needs; fewer rows are compared one by one


class LanceIndex:
    """See `index_search.Index`.

    LanceDB's defaults are another metric, L2, and too few probes. Here the metric is cosine, the probes reach the
    recall, and the exact cosine of ten times as many rows as requested replaces LanceDB's `refine_factor`.
    """

    def __init__(self, folder: Path, settings: Mapping[str, int], remedy: str) -> None:
        lancedb = _lancedb()
        self.cells, self._probes = settings['partitions'], settings['probes']
        try:
            self._table = lancedb.connect(folder).open_table(TABLE)
            self._count = self._table.count_rows()
            self.channels: int = self._table.schema.field('vector').type.list_size
        except Exception as error:  # LanceDB raises RuntimeError, ValueError, OSError and others
            raise SearchError(f'{folder}: the index is damaged: {error}. {remedy}') from error

    def __len__(self) -> int:
        return self._count

    @classmethod
    def library(cls) -> str:
        """See `Index`."""
        return f'lancedb {_lancedb().__version__}'

    @classmethod
    def build(cls, folder: Path, parts: Parts) -> dict[str, int]:
        """Write the rows block by block; the index has codes of 8 bits in as many cells as `ivf`."""
        lancedb = _lancedb()
        from lancedb.index import IvfSq

        schema = pa.schema([pa.field('row', pa.int64(), nullable=False), *schema_of(parts.channels)])
        batches = pa.RecordBatchReader.from_batches(schema, _numbered(parts, schema))
        table = lancedb.connect(folder).create_table(TABLE, batches)
        partitions = cells_of(len(parts))
        if len(parts) >= _FEWEST:
            config = IvfSq(distance_type='cosine', num_partitions=partitions, sample_rate=TRAINED_ON)
            table.create_index('vector', config=config)
        return dict(partitions=partitions, probes=1)

    def passing(self, where: RowFilter) -> int:
        """See `Index`."""
        return self._table.count_rows(sql_of(where)) if where.columns else len(self)

    def propose(self, query: Vectors, count: int, effort: float, where: RowFilter) -> tuple[Numbers, bool]:
        """See `Index`."""
        probes = min(self.cells, int(np.ceil(self._probes * effort)))
        asked = self._table.search(list(query), vector_column_name='vector').distance_type('cosine').nprobes(probes)
        if where.columns:
            asked = asked.where(sql_of(where), prefilter=True)
        found = asked.limit(count).select(['row', '_distance']).to_arrow()
        number = found.column('query_index').to_numpy() if len(query) > 1 else np.zeros(len(found), np.int64)
        return np.stack([number.astype(np.int64), found.column('row').to_numpy()], axis=1), probes == self.cells

    def block_at(self, rows: Numbers) -> RowBlock:
        """See `Index`; a row's number is its position in the table."""
        table = self._at(rows, ['path', 'vector'])
        return RowBlock(rows, copied_vectors(table), names_of(table.column('path'))[1], table.column('path'))

    def rows_at(self, rows: Numbers) -> list[Row]:
        """See `Index`."""
        different, places = np.unique(rows, return_inverse=True)
        found = told_rows(self._at(different, list(Row._fields))) if len(rows) else []
        return [found[place] for place in places]

    def _at(self, rows: Numbers, columns: list[str]) -> pa.Table:
        """Columns of rows in increasing order of their numbers."""
        table = self._table.take_offsets(rows.tolist()).select(['row', *columns]).to_arrow()
        order = np.argsort(table.column('row').to_numpy())
        return table.take(pa.array(order))


def sql_of(where: RowFilter) -> str:
    """The filter in LanceDB's SQL, for a filter that is not empty."""
    begin, end = where.seconds
    told = [f'`end` > {float(begin)!r}'] if begin is not None else []
    told += [f'`start` < {float(end)!r}'] if end is not None else []
    told += [f'`label` = {_quoted(where.label)}'] if where.label is not None else []
    told += [f'regexp_like(`path`, {_quoted(f"^{where.path_regex()}$")})'] if where.path is not None else []
    return ' AND '.join(told)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _numbered(parts: Parts, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Batches of all rows with their numbers."""
    begin = 0
    for table in parts.tables():
        rows = plain(table, schema_of(parts.channels))
        numbered = rows.add_column(0, schema.field('row'), pa.array(np.arange(begin, begin + len(rows))))
        yield from numbered.combine_chunks().to_batches()
        begin += len(rows)


def _lancedb() -> Any:
    os.environ.setdefault('LANCEDB_LOG', 'error')  # otherwise it warns on standard error for each new table
    try:
        import lancedb
    except ImportError as error:
        message = (
            f"index 'lance' needs LanceDB, which is not installed. {remedy_for('lancedb')} Or use the index 'ivf'."
        )
        raise ModuleNotFoundError(message, name='lancedb') from error
    return lancedb
