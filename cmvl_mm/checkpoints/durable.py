"""Checkpoint files that survive a crash at any moment: written to a temporary file, synced, renamed, with SHA-256.

A save of `epoch_3.pth` takes these steps, each on the disk before the next begins:

    1. epoch_3.pth.tmp       the data
    2. epoch_3.pth.sha256    its digest, in the form of `sha256sum -c`
    3. last_checkpoint       the name
    4. epoch_3.pth           the data, renamed

So a file with the final name is complete, and `last_checkpoint` is never behind. A crash leaves at most a temporary
file, a digest without data, and a `last_checkpoint` that names a missing file; the next save removes the first two, and
readers skip the third. A file that is replaced has both digests in its .sha256 file from step 2 on, until the new one
is in place.
"""

import errno
import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from cmvl_mm.files.digest import sha256_of

SIDECAR = '.sha256'
TEMPORARY = '.tmp'
POINTER = 'last_checkpoint'
OF_A_RUN = re.compile(r'(?:epoch|iter)_(\d+)\.pth')
"""Names of a run's checkpoints."""

_REMEDIES = {
    errno.ENOSPC: 'free some space',
    errno.EDQUOT: 'free some of your quota',
    errno.EFBIG: 'raise the limit of file sizes (ulimit -f)',
    errno.EACCES: 'make the folder writable for this user, or choose another --work-dir',
    errno.EPERM: 'make the folder writable for this user, or choose another --work-dir',
    errno.EEXIST: 'choose a --work-dir that is a folder or does not exist yet',
    errno.ENOTDIR: 'choose a --work-dir that is not below a file',
    errno.EROFS: 'mount the disk for writing, or choose another --work-dir',
}


class CheckpointWriteError(OSError):
    """A checkpoint could not be written; earlier ones are unchanged."""


def write_checkpoint(data: bytes, path: Path) -> None:
    """Write a checkpoint so that, whenever this process dies, the folder holds the old files or the new one.

    Raises:
        CheckpointWriteError: names path, reason and remedy. No part of the new file is left behind.
    """
    folder, temporary = path.parent, beside(path, TEMPORARY)
    digest = hashlib.sha256(data).hexdigest()
    try:
        clear_debris(folder)
        replaced = (digests_beside(path) or [sha256_of(path)]) if path.exists() else []
        _write_synced(temporary, data)
        _write_small(beside(path, SIDECAR), _lines([digest, *replaced], path))
        _write_small(folder / POINTER, str(path))
        os.replace(temporary, path)
        _sync_folder(folder)
        if replaced:
            _write_small(beside(path, SIDECAR), _lines([digest], path))
    except OSError as error:
        with suppress(OSError):
            clear_debris(folder)
        raise CheckpointWriteError(
            f'{path}: this checkpoint could not be written: {_reason(error, folder, len(data))} '
            f'Earlier checkpoints are unchanged. {_remedy(error)}'
        ) from error


def require_writable(folder: Path) -> None:
    """Write and remove a small file, so that a run that could not save anything does not start.

    Raises:
        CheckpointWriteError: names folder, reason and remedy.
    """
    probe = folder / f'writable{TEMPORARY}'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_synced(probe, b'probe')
        probe.unlink()
    except OSError as error:
        raise CheckpointWriteError(
            f'{folder}: nothing can be written here: {_reason(error, folder, len(probe.name))} {_remedy(error)}'
        ) from error


def remove_checkpoint(path: Path) -> None:
    """Remove the data first: a digest alone counts as debris, data alone would pass for a file from elsewhere."""
    path.unlink(missing_ok=True)
    beside(path, SIDECAR).unlink(missing_ok=True)


def clear_debris(folder: Path) -> None:
    """Remove what killed or failed saves have left. One run writes to a folder, so every temporary file is stale."""
    for temporary in (*folder.glob(f'*.pth*{TEMPORARY}'), *folder.glob(f'{POINTER}{TEMPORARY}')):
        temporary.unlink(missing_ok=True)
    for sidecar in folder.glob(f'*.pth{SIDECAR}'):
        if not sidecar.with_suffix('').exists():
            sidecar.unlink(missing_ok=True)


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _lines(digests: list[str], path: Path) -> str:
    return ''.join(f'{digest}  {path.name}\n' for digest in digests)


def digests_beside(path: Path) -> list[str]:
    try:
        return [line.split(' ')[0] for line in beside(path, SIDECAR).read_text().splitlines()]
    except (FileNotFoundError, UnicodeDecodeError):
        return []


def _write_synced(path: Path, data: bytes) -> None:
    with path.open('wb') as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _write_small(path: Path, text: str) -> None:
    _write_synced(beside(path, TEMPORARY), text.encode())
    os.replace(beside(path, TEMPORARY), path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remedy(error: OSError) -> str:
    return f'Remedy: {_REMEDIES.get(error.errno or 0, "choose another --work-dir")}.'


def _reason(error: OSError, folder: Path, size: int) -> str:
    needed = ''
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(next(at for at in (folder, *folder.parents) if at.exists())).free
        needed = f' It needs {size / 1e6:.0f} MB, {free / 1e6:.0f} MB are free.'
    return f'{error.strerror or error}.{needed}'
