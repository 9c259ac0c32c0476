"""An inverted file of FAISS: codes of 8 bits in k-means cells, in shards, with a copy of the rows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import Numbers, Vectors
from cmvl_mm.clip_search.row_filter import RowFilter
from cmvl_mm.clip_search.rows_file import NAME, RowsFile, write_rows
from cmvl_mm.evaluation.sifting import loosened
from cmvl_mm.files.extras import remedy_for

CELLS = 4  # times the root of the number of rows; with fewer cells than clusters, neighbours are spread over many
TRAINED_ON, ROUNDS = 32, 5  # training rows per cell, and k-means rounds: doubling either did not raise recall
SHARD_BYTES = 256 << 20  # bytes of codes in memory when an index is built


class IvfIndex:
    """See `index_search.Index`. A search maps the files into memory: only used pages are read and cached."""

    def __init__(self, folder: Path, settings: Mapping[str, int], remedy: str) -> None:
        faiss = _faiss()
        self.cells, self._probes = settings['lists'], settings['probes']
        try:
            self._rows = RowsFile(folder / NAME)
            flags = faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY
            self._shards = [faiss.read_index(str(path), flags) for path in _shard_paths(folder, settings['shards'])]
        except (OSError, pa.ArrowException, RuntimeError) as error:
            raise SearchError(f'{folder}: the index is damaged: {error}. {remedy}') from error
        self.channels = self._rows.channels
        shapes = {(shard.d, shard.nlist) for shard in self._shards}
        if shapes != {(self.channels, self.cells)} or sum(shard.ntotal for shard in self._shards) != len(self._rows):
            raise SearchError(f'{folder}: its shards do not match its rows or its record. {remedy}')
        self.rows_at, self.block_at = self._rows.rows_at, self._rows.block_at
        self._last: tuple[RowFilter, np.ndarray | None] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @classmethod
    def library(cls) -> str:
        """See `Index`."""
        return f'faiss {_faiss().__version__}'

    @classmethod
    def build(cls, folder: Path, parts: Parts) -> dict[str, int]:
        """Train on evenly spaced rows with FAISS's fixed seed, and fill block by block; shards share the cells."""
        faiss = _faiss()
        write_rows(folder / NAME, parts)
        rows = RowsFile(folder / NAME, mapped=False)
        lists = cells_of(len(rows))
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), TRAINED_ON * lists)).astype(np.int64))
        trained = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(rows.channels), rows.channels, lists, faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
        )  # fmt: skip
        trained.cp.niter, trained.cp.min_points_per_centroid = ROUNDS, 1  # FAISS warns below 39
        trained.train(_unit(rows.vectors_at(chosen), chosen))
        shards = 0
        for shard in _filled(trained, rows):
            faiss.write_index(shard, str(_shard_path(folder, shards)))
            shards += 1
        return dict(lists=lists, probes=1, shards=shards)

    def passing(self, where: RowFilter) -> int:
        """See `Index`."""
        mask = self._mask(where)
        return len(self) if mask is None else int(mask.sum())

    def propose(self, query: Vectors, count: int, effort: float, where: RowFilter) -> tuple[Numbers, bool]:
        """See `Index`."""
        faiss, probes, mask = _faiss(), min(self.cells, int(np.ceil(self._probes * effort))), self._mask(where)
        bits = None if mask is None else np.packbits(mask, bitorder='little')
        selector = None if bits is None else faiss.IDSelectorBitmap(bits)
        parameters = faiss.SearchParametersIVF(nprobe=probes, **({} if selector is None else dict(sel=selector)))
        found = [shard.search(query, count, params=parameters) for shard in self._shards]
        similarity, rows = (np.concatenate(arrays, axis=1) for arrays in zip(*found, strict=True))
        if rows.shape[1] > count:
            best = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
            rows = np.take_along_axis(rows, best, axis=1)
        query_of, place = np.nonzero(rows >= 0)
        return np.stack([query_of, rows[query_of, place]], axis=1), probes == self.cells

    def _mask(self, where: RowFilter) -> np.ndarray | None:
        """(n,) mask of a filter. The last mask is kept, because the same filter is used repeatedly.

        Threads may search at once: each takes filter and mask together, as one object that never changes.
        """
        last = self._last
        if last is None or last[0] != where:
            self._last = last = where, self._rows.mask(where)
        return last[1]


def cells_of(rows: int) -> int:
    """Number of cells for a number of rows."""
    return max(1, min(round(CELLS * rows**0.5), rows // TRAINED_ON))


def _filled(trained: Any, rows: RowsFile) -> Iterator[Any]:
    """The shards one by one: copies of the trained index with some of the rows."""
    faiss = _faiss()
    most = max(1, SHARD_BYTES // (rows.channels + 8))
    shard = faiss.clone_index(trained)
    for begin, vectors in rows.blocks():
        numbers = np.arange(begin, begin + len(vectors))
        if shard.ntotal and shard.ntotal + len(vectors) > most:
            yield shard
            shard = faiss.clone_index(trained)
        shard.add_with_ids(_unit(vectors, numbers), numbers)
    yield shard


def _unit(vectors: Vectors, numbers: Numbers) -> Vectors:
    """(n, C) vectors scaled to length 1. Raises SearchError if one is zero or not finite."""
    try:
        block, lengths = loosened(vectors, numbers)
    except ValueError as error:
        raise SearchError(str(error)) from error
    return (block / lengths[:, None]).numpy()


def _shard_path(folder: Path, number: int) -> Path:
    return folder / f'cells-{number:03d}.faiss'


def _shard_paths(folder: Path, shards: int) -> list[Path]:
    return [_shard_path(folder, number) for number in range(shards)]


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        message = f"index 'ivf' needs FAISS, which is not installed. {remedy_for('faiss')} Or search without an index."
        raise ModuleNotFoundError(message, name='faiss') from error
    return faiss
