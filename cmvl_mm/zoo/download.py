"""Downloads files into a cache by their SHA-256; a file gets its name only after its check.

    <cache>/<sha256>.weights        the file, checked again whenever it is used
    <cache>/<sha256>.lock           held by the process that downloads

Other processes that need the file, such as the ranks of a job, wait for the lock and then find the file. An interrupted
download leaves nothing, and starts again from the beginning.
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
        DownloadError: the home directory is unknown.
    """
    named = os.environ.get(CACHE_VARIABLE) or Path(os.environ.get('XDG_CACHE_HOME') or '~/.cache') / 'cmvl_mm'
    try:
        return Path(named).expanduser()
    except RuntimeError as error:
        raise DownloadError(f'{named}: {error} Remedy: set {CACHE_VARIABLE} to the full path of a folder.') from error


def fetch(address: Address, *, size: int | None = None) -> Path:
    """The file in the cache, downloaded if it is missing; if it is there, no connection is made.

    Args:
        address: address and digest of the file.
        size: size in bytes, if known.

    Raises:
        DownloadError: the file cannot be fetched or written.
        DigestError: the server has another file. Nothing of it is kept.
        AddressError: the server redirects to an address that is not safe.
    """
    folder = cache_folder()
    path = folder / f'{address.sha256}.weights'  # its content tells its type
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
            f'{shown(address.url)}: cannot be written to {folder}: {error.strerror or error}. Remedy: set '
            f'{CACHE_VARIABLE} to a writable folder with free space.'
        ) from error
    return path


def _download(address: Address, path: Path, size: int | None) -> None:
    """Download the file. The libraries are imported here, because most weights are already on the disk."""
    if address.on_hub is not None:
        from .from_hub import fetch_from_hub

        return fetch_from_hub(address, path, size)
    from .over_https import fetch_https

    return fetch_https(address, path, size)


def _is_right(path: Path, sha256: str) -> bool:
    """Whether the file is in the cache and undamaged."""
    if not path.exists():
        return False
    if right := sha256_of(path) == sha256:
        return right
    print(f'{path}: the cached file is corrupt; downloading again', file=sys.stderr, flush=True)
    return False


def _lock(path: Path, url: str) -> Any:
    """Let one process download; the kernel releases the lock when that process ends, in any way."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        print(f'{shown(url)}: another process is downloading this file; waiting', file=sys.stderr, flush=True)
        return lock.acquire(poll_interval=0.2)


def _sync(path: Path) -> None:
    with open(path, 'rb+') as file:
        os.fsync(file.fileno())
