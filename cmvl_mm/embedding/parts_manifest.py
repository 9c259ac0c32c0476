"""The content of a folder of parts, as in its `manifest.json`: origin of the rows, list of videos, number of parts."""

import dataclasses
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmvl_mm.embedding.embeddings import EmbeddingsError, EmbeddingsMeta, Failure
from cmvl_mm.embedding.same_rows import require_same
from cmvl_mm.files.atomic import replace_text

NAME = 'manifest.json'
FORMAT = 1
REMEDY = 'choose another output folder; or pass --overwrite (overwrite=True), without --shard, to replace it.'


@dataclass(frozen=True)
class PartsManifest:
    """The manifest: the same for all runs on a folder, and written by the first."""

    meta: EmbeddingsMeta
    """Meta data of every part."""
    videos: int
    """Number of videos in the list."""
    videos_sha256: str
    """SHA-256 of the list's paths and labels, see `digest_of`."""
    block_videos: int
    """Videos in a part; the last part may have fewer."""
    refused: tuple[Failure, ...]
    """Names in the list that are not videos."""

    @property
    def parts(self) -> int:
        """Number of parts in the complete folder."""
        return -(-self.videos // self.block_videos)

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder, atomically."""
        stored = dict(format=FORMAT, parts=self.parts, **dataclasses.asdict(self))
        stored['refused'] = [failure._asdict() for failure in self.refused]
        replace_text(folder / NAME, json.dumps(stored, indent=1) + '\n')

    def require_same(self, there: 'PartsManifest', folder: Path) -> None:
        """Check that this run's manifest matches the one in the folder.

        Raises:
            EmbeddingsError: they differ.
        """
        same = f'use the weights, settings, version and paths of the first run, also on this machine, {platform.node()}'
        require_same(folder, there.meta, self.meta, f'{same}; or {REMEDY}')
        if (there.videos_sha256, there.block_videos) != (self.videos_sha256, self.block_videos):
            what = (
                f'{there.videos} videos then, {self.videos} now'
                if there.videos != self.videos
                else 'the same number, with other names, labels or order'
                if there.videos_sha256 != self.videos_sha256
                else f'{there.block_videos} videos per part then, {self.block_videos} now'
            )
            raise EmbeddingsError(
                f'{folder}: was started with another list of videos: {what}. Remedy: pass the same list, as a .txt '
                f'file if the folder of videos grows; or {REMEDY}'
            )


def read_manifest(folder: Path) -> PartsManifest:
    """Read the manifest that `PartsManifest.write` wrote.

    Raises:
        FileNotFoundError: there is no manifest.
        EmbeddingsError: the manifest is damaged, or of another version.
    """
    path = folder / NAME
    return manifest_of(path.read_bytes(), str(path))


def manifest_of(content: bytes, where: str) -> PartsManifest:
    """Parse the content of a manifest; messages call it `where`."""
    try:
        return _manifest(json.loads(content.decode()))
    except (ValueError, TypeError, KeyError) as error:
        raise EmbeddingsError(f'{where}: cannot be read as a manifest: {error}. Remedy: {REMEDY}') from error


def _manifest(stored: Any) -> PartsManifest:
    if stored['format'] != FORMAT:
        raise ValueError(f'its format is {stored["format"]!r}, but this version reads {FORMAT}')
    return PartsManifest(
        meta=EmbeddingsMeta(**stored['meta']),
        videos=int(stored['videos']),
        videos_sha256=str(stored['videos_sha256']),
        block_videos=int(stored['block_videos']),
        refused=tuple(Failure(**failure) for failure in stored['refused']),
    )
