"""Check whether the parts of a folder are those from which an index was built."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from cmvl_mm.clip_search.part_files import tail_of
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.parts_manifest import NAME


class PartsState(NamedTuple):
    """Two digests of the same files; if either is equal, the files are unchanged."""

    stamps: str
    """SHA-256 of the manifest, file sizes and modification times. Quick to compute; differs in a copy of the folder."""
    footers: str
    """SHA-256 of the manifest, sizes and ends of the parts; the ends hold the extremes of every column."""


def state_of(folder: Path, parts: int) -> PartsState:
    """The current state of the parts of a folder.

    Raises:
        FileNotFoundError: a part is missing.
    """
    return PartsState(_stamps(folder, parts), _footers(folder, parts))


def is_state(folder: Path, parts: int, state: PartsState) -> bool:
    """Whether the parts are unchanged. Raises the errors of `state_of`."""
    return _stamps(folder, parts) == state.stamps or _footers(folder, parts) == state.footers


def _stamps(folder: Path, parts: int) -> str:
    digest = hashlib.sha256((folder / NAME).read_bytes())
    for number in range(parts):
        status = part_path(folder, number).stat()
        digest.update(f'{number} {status.st_size} {status.st_mtime_ns}\n'.encode())
    return digest.hexdigest()


def _footers(folder: Path, parts: int) -> str:
    digest = hashlib.sha256((folder / NAME).read_bytes())
    for number in range(parts):
        path = part_path(folder, number)
        digest.update(f'{number} {path.stat().st_size}\n'.encode())
        digest.update(hashlib.sha256(tail_of(path)).digest())
    return digest.hexdigest()
