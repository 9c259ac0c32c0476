"""Files from the net into a cache, each known by its SHA-256: checked, and under its name only when right.

    <cache>/<sha256>.weights        the file, checked again whenever it is used
    <cache>/<sha256>.lock           held by the process that downloads

Other processes that want the file, ranks of the same job too, wait for the lock and then find the file. A download that
is interrupted leaves nothing, and begins anew.
"""

import os
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cmvl_mm.files.digest import sha256_of

from .address import Address, shown
from .limits import DownloadError

CACHE_VARIABLE = 'CMVL_MM_CACHE'


def cache_folder() -> Path:
    """CMVL_MM_CACHE, else `cmvl_mm` in XDG_CACHE_HOME, else in ~/.cache.

    Raises:
        DownloadError: it is not known where ~ is.
    """
    named = os.environ.get(CACHE_VARIABLE) or Path(os.environ.get('XDG_CACHE_HOME') or '~/.cache') / 'cmvl_mm'
    try:
        return Path(named).expanduser()
    except RuntimeError as error:
        raise DownloadError(f'{named}: {error} Remedy: {CACHE_VARIABLE} names a folder, all of its path.') from error


def fetch(address: Address, *, size: int | None = None) -> Path:
    """The file in the cache, downloaded if it is not there; then no connection is made.

    Args:
        address: where it lies and its digest.
        size: its bytes, if they are known.

    Raises:
        DownloadError: it cannot be fetched, or not be written.
        DigestError: the server has another file. Nothing of it is kept.
        AddressError: the server redirects to an address that is not safe.
    """
    folder = cache_folder()
    path = folder / f'{address.sha256}.weights'  # of which kind is seen in the content
    try:
        if _is_right(path, address.sha256):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(folder / f'{address.sha256}.lock', address.url):
            if not _is_right(path, address.sha256):
                _download(address, path, size)
                _sync(path)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(
            f'{shown(address.url)}: {folder} does not take it: {error.strerror or error}. Remedy: {CACHE_VARIABLE} '
            'names a folder that can be written to and has space.'
        ) from error
    return path


def _download(address: Address, path: Path, size: int | None) -> None:
    """The libraries are imported here: most weights are on the disk."""
    if address.on_hub is not None:
        from .from_hub import fetch_from_hub

        return fetch_from_hub(address, path, size)
    from .over_https import fetch_https

    return fetch_https(address, path, size)


def _is_right(path: Path, sha256: str) -> bool:
    """Whether the file is in the cache, and has not been damaged there."""
    if not path.exists():
        return False
    if right := sha256_of(path) == sha256:
        return right
    print(f'{path}: the cached file is corrupt; downloading again', file=sys.stderr, flush=True)
    return False


def _lock(path: Path, url: str) -> Any:
    """One process downloads; the kernel ends the lock with the process that holds it, however it ends."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        print(f'{shown(url)}: another process downloads it; waiting', file=sys.stderr, flush=True)
        return lock.acquire(poll_interval=0.2)


def _sync(path: Path) -> None:
    with open(path, 'rb+') as file:
        os.fsync(file.fileno())
