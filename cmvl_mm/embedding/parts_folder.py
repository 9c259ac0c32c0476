"""A folder of numbered parts that several runs may write: its layout, what is finished, and who writes what.

| name | what |
|---|---|
| `parts/000000.parquet`, … | the parts: files of embeddings, in the order of the list |
| `manifest.json` | origin of the rows, list of videos, number of parts |
| `failures.csv` | every video without rows, with the reason; rewritten at the end of each run |
| `.lock` | which run writes which part; the system unlocks it when a run ends, in any way |
"""

import csv
import io
import logging
import os
import platform
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cmvl_mm.embedding.block_plan import Block
from cmvl_mm.embedding.embeddings import EmbeddingsError, Failure
from cmvl_mm.embedding.part_file import PartFacts, has_changed, read_facts
from cmvl_mm.embedding.parts_manifest import NAME, REMEDY, PartsManifest, read_manifest
from cmvl_mm.embedding.same_rows import require_same
from cmvl_mm.embedding.unwritable import telling_which
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.files.byte_locks import Claim, lock_byte, unlock_byte

logger = logging.getLogger(__name__)

PARTS = 'parts'
FAILURES = 'failures.csv'
LOCK = '.lock'


class FolderInUse(EmbeddingsError):
    """Another run writes the same part."""


def part_path(folder: Path, number: int) -> Path:
    """Path of a part, by its number from 0."""
    return folder / PARTS / f'{number:06d}.parquet'


class PartsFolder:
    """The folder as one run sees it, open for writing.

    Args:
        folder: created if it does not exist.
        manifest: manifest of the run.
        numbers: numbers of the parts that only this run may write from now on.
        overwrite: delete the present content.

    Raises:
        FolderInUse: another run writes one of these parts.
        EmbeddingsError: it holds rows of other weights, settings or videos, is no folder of parts, or is not writable.
    """

    def __init__(
        self, folder: Path, manifest: PartsManifest, numbers: Collection[int], overwrite: bool = False
    ) -> None:
        self.folder = folder
        if folder.is_dir() and any(folder.iterdir()) and not (folder / PARTS).is_dir():
            raise EmbeddingsError(f'{folder}: contains other files. Remedy: choose a new or an empty folder.')
        with telling_which(folder):
            (folder / PARTS).mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        self._has_locks = True
        try:
            for number in numbers:
                self._claim(number)
            self._mine = {part_path(folder, number).name for number in numbers}
            self.remove_leftovers()
            with self._table():
                self.manifest = self._agreed(manifest, overwrite)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release these parts for other runs."""
        os.close(self._lock)

    def __enter__(self) -> 'PartsFolder':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def path(self, number: int) -> Path:
        """Path of a part."""
        return part_path(self.folder, number)

    def is_finished(self, block: Block) -> bool:
        """Whether the part exists, is undamaged, and matches today's videos. The log names a damaged part.

        Raises:
            EmbeddingsError: the part holds rows of other weights, settings or videos.
        """
        path = self.path(block.number)
        try:
            meta, facts, _ = read_facts(path)
        except FileNotFoundError:
            return False
        except EmbeddingsError as error:
            logger.warning('%s This part is made again.', error)
            return False
        require_same(path, meta, self.manifest.meta, REMEDY)
        if facts.digest != block.digest:
            raise EmbeddingsError(f'{path}: contains other videos than this part of the list. Remedy: {REMEDY}')
        return not has_changed(facts, block.paths, Path(meta.root), os.stat(path).st_mtime_ns)

    def remove_leftovers(self) -> None:
        """Remove unfinished files that killed processes left of this run's parts."""
        for left in (self.folder / PARTS).glob('*.parquet.*.part'):
            if left.name.partition('.parquet.')[0] + '.parquet' in self._mine:
                left.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the manifest if there are no parts: a run that cannot embed must not block the folder for others."""
        with self._table():
            if not any((self.folder / PARTS).glob('*.parquet')):
                (self.folder / NAME).unlink(missing_ok=True)

    def write_failures(self) -> None:
        """Write the failures of all present parts; each run ends with this, and the last run's table is complete.

        Raises:
            EmbeddingsError: the table cannot be written.
        """
        with self._table():
            text = io.StringIO(newline='')
            table = csv.writer(text)
            table.writerow([*Failure._fields, 'part', 'machine'])
            table.writerows([*failure, '', ''] for failure in self.manifest.refused)
            for number, facts in self._facts():
                table.writerows([*failed.failure, number, failed.machine] for failed in facts.failed)
            with telling_which(self.folder / FAILURES):
                replace_text(self.folder / FAILURES, text.getvalue())

    def _facts(self) -> Iterator[tuple[int, PartFacts]]:
        """The facts of the parts that exist and are undamaged."""
        for number in range(self.manifest.parts):
            try:
                yield number, read_facts(self.path(number))[1]
            except (FileNotFoundError, EmbeddingsError):
                continue

    def _agreed(self, manifest: PartsManifest, overwrite: bool) -> PartsManifest:
        """The manifest of the folder, which the first run writes."""
        if overwrite:
            for path in (self.folder / PARTS).glob('*.parquet'):
                path.unlink()
            for name in (NAME, FAILURES):
                (self.folder / name).unlink(missing_ok=True)
        try:
            there = read_manifest(self.folder)
        except FileNotFoundError:
            with telling_which(self.folder / NAME):
                manifest.write(self.folder)
            return manifest
        manifest.require_same(there, self.folder)
        return there

    def _claim(self, number: int) -> None:
        if self._locked(number + 1, wait=False) == 'taken':
            raise FolderInUse(
                f'{self.folder}: another run is writing part {number}, which this run on {platform.node()} would also '
                'write. Remedy: wait until that run ends, or stop it; to share a folder between runs, pass '
                '--shard 1/N, 2/N, ….'
            )

    @contextmanager
    def _table(self) -> Iterator[None]:
        """Allow one run at a time to write the table."""
        held = self._locked(0, wait=True) == 'mine'
        try:
            yield
        finally:
            if held:
                unlock_byte(self._lock, 0)

    def _locked(self, byte: int, wait: bool) -> Claim:
        """Try to lock a byte of the lock file for this process; if locks are not supported, warn once."""
        if not self._has_locks:
            return 'no locks'
        claim = lock_byte(self._lock, byte, wait=wait)
        if claim == 'no locks':
            self._has_locks = False
            logger.warning('%s: the file system has no locks; two runs on one part do its work twice.', self.folder)
        return claim
