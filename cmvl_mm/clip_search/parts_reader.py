"""A folder of parts, read: whole into memory, or part by part."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from cmvl_mm.clip_search.row_blocks import RowBlock, block_of_table
from cmvl_mm.embedding.embeddings import (
    Embeddings,
    EmbeddingsError,
    EmbeddingsMeta,
    embeddings_of,
    read_footer,
    read_table,
)
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import read_manifest
from cmvl_mm.embedding.same_rows import require_same

_REMEDY = 'the command that wrote the folder once more: it makes what is missing or damaged.'

_BLOCK_BYTES = 8 << 20  # of parts that are searched at once: small ones cost more to begin than to search


class Parts:
    """A complete folder of parts.

    Args:
        folder: as `embed_folder` wrote it.

    Raises:
        FileNotFoundError: there is no such folder.
        EmbeddingsError: it is no folder of parts; parts are missing, damaged, or of other weights or settings.
    """

    def __init__(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        self.folder = folder
        self.meta: EmbeddingsMeta = manifest.meta
        self._paths = [part_path(folder, number) for number in range(manifest.parts)]
        missing = [path.name for path in self._paths if not path.is_file()]
        if missing:
            raise EmbeddingsError(
                f'{folder}: {len(missing)} of {manifest.parts} parts are missing, first {missing[0]}. Remedy: {_REMEDY}'
            )
        counts = []
        for path in self._paths:
            meta, facts = read_footer(path, _REMEDY)
            require_same(path, meta, manifest.meta, f'remove it, then {_REMEDY}')
            counts.append(facts.num_rows)
        self.begins = np.cumsum([0, *counts]).tolist()
        """First row of each part, and the number of rows."""

    def __len__(self) -> int:
        return int(self.begins[-1])

    def blocks(self) -> Iterator[RowBlock]:
        """All rows, in order; some neighbouring parts are in memory at a time."""
        tables: list[pa.Table] = []
        first = 0
        for number, path in enumerate(self._paths):
            tables.append(read_table(path, _REMEDY, threads=False))
            is_last = number + 1 == len(self._paths)
            if is_last or sum(table.nbytes for table in tables) >= _BLOCK_BYTES:
                if self.begins[first] < self.begins[number + 1]:
                    where = f'{self._paths[first]} to {path.name}: '
                    yield block_of_table(self.begins[first], pa.concat_tables(tables), where)
                tables, first = [], number + 1

    def block_of(self, row: int) -> RowBlock:
        """The part that holds a row."""
        number = int(np.searchsorted(self.begins, row, side='right')) - 1
        path = self._paths[number]
        return block_of_table(self.begins[number], read_table(path, _REMEDY, threads=False), f'{path}: ')

    def whole(self) -> Embeddings:
        """All rows, in memory."""
        return embeddings_of(pa.concat_tables(read_table(path, _REMEDY) for path in self._paths), self.meta)
