"""Files of a run of `embed`: parts while it runs, then one file, and notes about failures.

Next to `features.parquet`, the folder `features.parquet.parts` holds a Parquet file for every few finished videos, each
with the settings in its metadata, so that a stopped run resumes. Rows of other weights or settings are
refused. A video that changed after its rows were written is embedded again.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from cmvl_mm.embedding.embeddings import (
    Embeddings,
    EmbeddingsError,
    EmbeddingsMeta,
    Failure,
    read_file,
    write_embeddings,
)
from cmvl_mm.embedding.same_rows import require_same
from cmvl_mm.embedding.unwritable import telling_which
from cmvl_mm.embedding.video_rows import VideoRows, joined
from cmvl_mm.files.atomic import replace_text

_REMEDY = 'choose another output file; or pass --overwrite (overwrite=True) to replace it.'


class EmbedStore:
    """The files of one run.

    Args:
        out: the final file.
        meta: meta data of the rows.
        overwrite: delete the present files.

    Raises:
        EmbeddingsError: there are rows of other weights, settings or another root; or the folder cannot be written, for
            which `add`, `note` and `finish` raise it, too.
    """

    def __init__(self, out: Path, meta: EmbeddingsMeta, overwrite: bool = False) -> None:
        self.out = out
        self.parts = out.with_name(f'{out.name}.parts')
        self.notes = notes_of(out)
        self._meta = meta
        with telling_which(self.parts):
            self.parts.mkdir(parents=True, exist_ok=True)
            if overwrite:
                self._discard()
                self.out.unlink(missing_ok=True)
                self.notes.unlink(missing_ok=True)
                self.parts.mkdir()

    def finished(self, paths: Sequence[str]) -> dict[str, VideoRows]:
        """The rows of the videos that an earlier run finished and that did not change since."""
        found: dict[str, VideoRows] = {}
        wanted, root = set(paths), Path(self._meta.root)
        stretched = self._stretched()
        for file in [*([self.out] if self.out.exists() else []), *sorted(self.parts.glob('*.parquet'))]:
            rows, written = read_file(file), os.stat(file).st_mtime_ns
            self._require_same(file, rows.meta)
            for path, part in _by_video(rows, stretched):
                if path in wanted and _changed_at(root / path) <= written:
                    found[path] = part
        return found

    def add(self, done: Mapping[str, VideoRows]) -> None:
        """Write a part."""
        if done:
            number = len(list(self.parts.iterdir()))
            part = self.parts / f'{number:06d}.parquet'
            with telling_which(part):
                write_embeddings(part, joined(done, dict.fromkeys(done), self._meta))

    def note(self, failures: Sequence[Failure], done: Mapping[str, VideoRows]) -> None:
        """Record the failures, and which videos are shorter than a clip."""
        stretched = [path for path, rows in done.items() if rows.stretched]
        content = dict(failures=[failure._asdict() for failure in failures], stretched=stretched)
        with telling_which(self.notes):
            replace_text(self.notes, json.dumps(content, indent=2, ensure_ascii=False) + '\n')

    def finish(self, found: Embeddings) -> None:
        """Write the file and remove the parts."""
        with telling_which(self.out):
            write_embeddings(self.out, found)
        self._discard()

    def leave(self) -> None:
        """Remove the folder of parts if it is empty."""
        if not any(self.parts.iterdir()):
            self.parts.rmdir()

    def _discard(self) -> None:
        for file in self.parts.glob('*.parquet*'):
            file.unlink()
        self.parts.rmdir()

    def _stretched(self) -> set[str]:
        try:
            return set(json.loads(self.notes.read_text(encoding='utf-8'))['stretched'])
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def _require_same(self, file: Path, meta: EmbeddingsMeta) -> None:
        try:
            require_same(file, meta, self._meta, _REMEDY)
        except EmbeddingsError:
            self.leave()
            raise


def notes_of(out: Path) -> Path:
    """Path of the failures: features.parquet -> features.failures.json"""
    return out.with_name(f'{out.name.removesuffix(".parquet")}.failures.json')


def _by_video(rows: Embeddings, stretched: set[str]) -> Iterator[tuple[str, VideoRows]]:
    """Split rows by video; those of a video are contiguous."""
    if not len(rows):
        return
    cuts = [0, *(np.flatnonzero(rows.paths[1:] != rows.paths[:-1]) + 1).tolist(), len(rows)]
    for begin, end in pairwise(cuts):
        path, part = str(rows.paths[begin]), slice(begin, end)
        yield path, VideoRows(rows.starts[part], rows.ends[part], rows.vectors[part], path in stretched)


def _changed_at(path: Path) -> float:
    """Modification time in nanoseconds; infinite if unknown, so that the video is embedded again."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return float('inf')
