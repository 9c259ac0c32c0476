"""Build an index next to a folder of parts and measure its recall against the exact search: `cmvl index`."""

import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmvl_mm.clip_search.best_rows import Best
from cmvl_mm.clip_search.engines import Exact
from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.index_record import INDEX, IndexRecord, Measured, index_path, remedy_of
from cmvl_mm.clip_search.index_search import Index, IndexEngine
from cmvl_mm.clip_search.indexes import require_folder, require_kind
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.parts_state import is_state, state_of
from cmvl_mm.clip_search.recall import recall_at, sample_rows
from cmvl_mm.clip_search.row_filter import EVERY_ROW
from cmvl_mm.clip_search.stored_rows import open_parts
from cmvl_mm.files.byte_locks import lock_byte
from cmvl_mm.files.version import VERSION

logger = logging.getLogger(__name__)

_LOCK = '.lock'
_BYTES = 6, 120  # an index takes at most per value, and per row in addition: float32, codes, path, label


def build_index(
    folder: str | Path, kind: str = 'ivf', *, recall: float = 0.99, k: int = 10, queries: int = 100
) -> IndexRecord:
    """Build an index of a folder of parts and measure its recall against the exact search.

    The index copies the rows and is valid for these parts only: when they change, searches refuse it and it must be
    rebuilt. It gets its final name when it is complete. The number of cells per search is doubled until the recall is
    reached.

    Args:
        folder: complete folder of `embed_folder`, on a disk of this machine.
        kind: 'ivf' for FAISS, or 'lance' for a table of LanceDB.
        recall: share of the exact k nearest rows to reach.
        k: number of rows for the recall; searches may use another k.
        queries: number of evenly spaced rows whose vectors are searched; the row itself does not count as found.

    Raises:
        FileNotFoundError: the folder does not exist.
        EmbeddingsError: parts are missing, damaged, or of other weights or settings.
        SearchError: the kind is unknown, there are no rows, the disk is full, a number is invalid, another run builds
            an index, or parts changed meanwhile.
        ModuleNotFoundError: FAISS or LanceDB is not installed.
    """
    if not (0 < recall <= 1 and k >= 1 and queries >= 1):
        raise SearchError(
            f'recall={recall}, k={k}, queries={queries}: recall must be above 0, at most 1; k and queries at least 1.'
        )
    opened, folder = require_kind(kind), require_folder(folder)
    library = opened.library()
    parts = open_parts(folder)
    if parts is None or not len(parts):
        raise SearchError(f'{folder}: this folder has no rows. Remedy: embed videos that can be read.')
    begun, state = time.perf_counter(), state_of(folder, parts.parts)
    with _new_folder(folder, kind, parts) as made:
        try:
            settings = opened.build(made, parts)
        except (OSError, RuntimeError) as error:
            raise SearchError(f'{made}: cannot be written: {error}. Remedy: free space or get permission.') from error
        built = time.perf_counter() - begun
        settings, measured = _tuned(opened, made, settings, parts, recall, (k, queries))
        if not is_state(folder, parts.parts, state):
            raise SearchError(f'{folder}: parts changed while the index was built. {remedy_of(folder, kind)}')
        files = {file.relative_to(made).as_posix(): file.stat().st_size for file in made.rglob('*') if file.is_file()}
        record = IndexRecord(
            kind, library, len(parts), parts.channels, settings, state, files, measured, built, VERSION
        )
        record.write(made)
    return record


def _tuned(
    opened: type[Index], made: Path, settings: dict[str, int], parts: Parts, wanted: float, asked: tuple[int, int]
) -> tuple[dict[str, int], Measured]:
    """The settings with the fewest probes, a power of two, that reach the recall; or with all probes."""
    k, queries = asked
    sample = sample_rows(len(parts), queries)
    vectors, exact = parts.vectors_at(sample), Exact(parts)
    seconds, best = list[float](), list[Best]()

    def search(engine: Exact | IndexEngine) -> None:
        begin = time.perf_counter()
        best.append(engine.nearest(vectors, k + 1, by_video=False, where=EVERY_ROW, own=None))
        seconds.append(time.perf_counter() - begin)

    search(exact)
    probes = 1
    while True:
        settings = settings | dict(probes=probes)
        engine = IndexEngine(opened(made, settings, ''), parts.meta)
        search(engine)
        recall = recall_at(best[-1], best[0], sample, k)
        if recall >= wanted or probes >= engine.index.cells:
            break
        probes = min(2 * probes, engine.index.cells)
    search(engine)  # repeat: the first search has read the files
    return settings, Measured(k, len(sample), recall, wanted, seconds[0], seconds[-1])


@contextmanager
def _new_folder(folder: Path, kind: str, parts: Parts) -> Iterator[Path]:
    """A folder to write to, which becomes the index if the block succeeds.

    Raises:
        SearchError: another run builds an index, or the disk is full.
    """
    home, final = folder / INDEX, index_path(folder, kind)
    home.mkdir(exist_ok=True)
    need = len(parts) * (_BYTES[0] * parts.channels + _BYTES[1])
    if (free := shutil.disk_usage(home).free) < need:
        raise SearchError(
            f'{home}: an index needs up to {need / 1e9:.1f} GB, but {free / 1e9:.1f} are free. Remedy: free space.'
        )
    made, old = home / f'{kind}.part', home / f'{kind}.old'
    with _alone(home):
        try:
            for left in (made, old):  # left by a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            made.mkdir()
            yield made
            if final.exists():
                final.rename(old)
            made.rename(final)
        finally:
            for left in (made, old):
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """A block in which no other run builds an index of the folder. Raises SearchError if another run does."""
    lock = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        claim = lock_byte(lock, 0)
        if claim == 'taken':
            raise SearchError(f'{home}: another run is building an index. Remedy: wait until that run ends.')
        if claim == 'no locks':
            logger.warning('%s: the file system has no locks; build one index at a time.', home)
        yield
    finally:
        os.close(lock)
