"""A folder of parts, read: whole into memory, or part by part."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from cmvl_mm.workflows.embeddings import (
    Embeddings,
    EmbeddingsError,
    EmbeddingsMeta,
    embeddings_of,
    read_footer,
    read_table,
)
from cmvl_mm.workflows.parts_folder import part_path
from cmvl_mm.workflows.parts_manifest import read_manifest
from cmvl_mm.workflows.row_blocks import RowBlock, block_of_table
from cmvl_mm.workflows.same_rows import require_same

_REMEDY = 'the command that wrote the folder once more: it makes what is missing or damaged.'


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
        """The parts that have rows, in order, one in memory at a time."""
        for number in range(len(self._paths)):
            if self.begins[number] < self.begins[number + 1]:
                yield self._block(number)

    def block_of(self, row: int) -> RowBlock:
        """The part that holds a row."""
        return self._block(int(np.searchsorted(self.begins, row, side='right')) - 1)

    def whole(self) -> Embeddings:
        """All rows, in memory."""
        return embeddings_of(pa.concat_tables(read_table(path, _REMEDY) for path in self._paths), self.meta)

    def _block(self, number: int) -> RowBlock:
        path = self._paths[number]
        return block_of_table(self.begins[number], read_table(path, _REMEDY), f'{path}: ')
