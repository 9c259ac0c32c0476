"""Files from the net into a cache, each known by its SHA-256: resumed, checked, and under its name only when right.

    <cache>/<sha256>.safetensors    the file, checked again whenever it is used
    <cache>/<sha256>.part           what has come of it so far
    <cache>/<sha256>.version        of which address and version that is, as its server names them
    <cache>/<sha256>.lock           held by the process that downloads

Other processes that want the file, ranks of the same job too, wait for the lock and then find the file.
"""

import http.client
import os
import re
import ssl
import sys
import time
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from filelock import FileLock, Timeout

from cmvl_mm.models.digest import DigestError, sha256_of

from .address import Address, AddressError, is_loopback, require_safe, shown
from .progress import Progress

CACHE_VARIABLE = 'CMVL_MM_CACHE'
TIMEOUT = 30.0
"""Seconds without a byte, or without an answer, after which an attempt has failed."""
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt."""
LARGEST = 4 * 2**30
"""Bytes at which a download ends whose size nobody has said."""
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers after which the same question may be answered better."""


class DownloadError(OSError):
    """A file could not be fetched; the message names address, reason and remedy."""


class _TryAgain(Exception):
    """What another attempt may mend."""


def cache_folder() -> Path:
    """CMVL_MM_CACHE, else `cmvl_mm` in XDG_CACHE_HOME, else in ~/.cache."""
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named)
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'cmvl_mm'


def fetch(address: Address, *, size: int | None = None) -> Path:
    """The file in the cache, downloaded if it is not there.

    Args:
        address: where it lies and its digest.
        size: its bytes, if they are known.

    Raises:
        DownloadError: it cannot be fetched, or not be written.
        DigestError: what lies there is another file. Nothing of it is kept.
        AddressError: the server sends on to an address that is not safe.
    """
    folder = cache_folder()
    suffix = '.safetensors' if PurePosixPath(urlsplit(address.url).path).suffix == '.safetensors' else '.pth'
    path = folder / f'{address.sha256}{suffix}'
    part = folder / f'{address.sha256}.part'
    try:
        if _is_right(path, address.sha256):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(folder / f'{address.sha256}.lock', address.url):
            if not _is_right(path, address.sha256):
                _fetch_right(address, part, size)
                os.replace(part, path)
                _version_of(part).unlink(missing_ok=True)
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(
            f'{shown(address.url)}: {folder} does not take it: {error.strerror or error}. Remedy: {CACHE_VARIABLE} '
            'names a folder that can be written to and has space.'
        ) from error
    return path


def _is_right(path: Path, sha256: str) -> bool:
    """Whether the file is in the cache, and has not been damaged there."""
    if not path.exists():
        return False
    if right := sha256_of(path) == sha256:
        return right
    print(f'{path}: damaged since it was downloaded; it comes anew', file=sys.stderr, flush=True)
    return False


def _lock(path: Path, url: str) -> Any:
    """One process downloads; the kernel ends the lock with the process that holds it, however it ends."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        print(f'{shown(url)}: another process downloads it; waiting', file=sys.stderr, flush=True)
        return lock.acquire(poll_interval=0.2)


def _fetch_right(address: Address, part: Path, size: int | None) -> None:
    """All of the file in `part`, on the disk, with the right digest."""
    for begun_before in (part.exists(), False):
        _fetch_whole(address.url, part, size)
        found = sha256_of(part)
        if found == address.sha256:
            with open(part, 'rb+') as file:
                os.fsync(file.fileno())
            return
        part.unlink()
        if not begun_before:  # else the piece of an earlier time may have been at fault, and all of it comes anew
            break
    raise DigestError(
        f'{shown(address.url)}: the SHA-256 of what lies there is {found}, expected {address.sha256}: this is not the '
        'file that was published. It has been thrown away. Remedy: another source; use it only if the digest is right.'
    )


def _fetch_whole(url: str, part: Path, size: int | None) -> None:
    """Attempts until the last byte has come, each from where the one before ended."""
    for wait in (*WAITS, None):
        try:
            return _attempt(url, part, size)
        except _TryAgain as problem:
            if wait is None:
                raise DownloadError(
                    f'{shown(url)}: {problem}, {len(WAITS) + 1} times. Remedy: run it again; it goes on from where it '
                    f'stopped. Or fetch the file yourself and name its path.'
                ) from problem
            print(f'{shown(url)}: {problem}; again in {wait:g} s', file=sys.stderr, flush=True)
            time.sleep(wait)


def _attempt(url: str, part: Path, size: int | None) -> None:
    """Ask for what is missing, and write it.

    Raises:
        _TryAgain: the connection failed, the server is busy, or the body ended early.
        DownloadError: the server refuses, or has a file of another size.
    """
    have = part.stat().st_size if part.exists() else 0
    if have and have == size:
        return
    try:
        with _opener(url).open(Request(url, headers=_headers(url, part, have)), timeout=TIMEOUT) as response:
            begins, total = _span(response)
            if begins not in (0, have):
                part.unlink()
                raise _TryAgain(f'the server began at byte {begins}, not {have}')
            if size is not None and total is not None and total != size:
                raise DownloadError(
                    f'{shown(url)}: {total} bytes lie there, {size} were published. Remedy: another source.'
                )
            _version_of(part).write_text(f'{url}\n{_version(response)}\n')
            _write(response, part, begins=begins, total=size if total is None else total, name=shown(url))
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:  # the piece is not the beginning of what lies there
            part.unlink()
            raise _TryAgain('the server has nothing after what has come before') from error
        if error.code in _PASSING:
            raise _TryAgain(f'the server answers {error.code} {error.reason}') from error
        raise DownloadError(
            f'{shown(url)}: the server answers {error.code} {error.reason}. Remedy: check the address in a browser.'
        ) from error
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DownloadError(f'{shown(url)}: {error.reason}. Remedy: the right clock and certificates.') from error
        raise _TryAgain(f'no answer ({error.reason})') from error
    except http.client.HTTPException as error:
        raise _TryAgain(f'no answer ({type(error).__name__})') from error


def _write(response: Any, part: Path, *, begins: int, total: int | None, name: str) -> None:
    """The body of an answer to the end of the part, or over it."""
    done, most = begins, LARGEST if total is None else total
    with open(part, 'ab' if begins else 'wb') as file, Progress(name, done=begins, total=total) as progress:
        while piece := _next_piece(response):
            done += len(piece)
            if done > most:
                part.unlink()
                raise DownloadError(f'{name}: more than {most} bytes come. Remedy: another source.')
            file.write(piece)
            progress.advance(len(piece))
        if total is not None and done < total:
            raise _TryAgain(f'the connection ended after {done} of {total} bytes')


def _next_piece(response: Any) -> bytes:
    """What has come, at most 256 KiB; empty at the end. Errors of the net are told from those of the disk here."""
    try:
        return response.read1(2**18)
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgain(f'the connection failed ({type(error).__name__})') from error


def _headers(url: str, part: Path, have: int) -> dict[str, str]:
    """Asks for the rest of the version that the part is of; where that is gone, a server sends the new one whole."""
    headers = {'User-Agent': 'cmvl_mm', 'Accept-Encoding': 'identity'}
    if have:
        headers['Range'] = f'bytes={have}-'
        lines = _version_of(part).read_text().splitlines() if _version_of(part).exists() else []
        if len(lines) == 2 and lines[0] == url and lines[1]:
            headers['If-Range'] = lines[1]
    return headers


def _version(response: Any) -> str:
    """What If-Range takes: a strong ETag, else the time of the last change; '' where there is neither."""
    tag = response.headers.get('ETag', '')
    return tag if tag and not tag.startswith('W/') else response.headers.get('Last-Modified', '')


def _version_of(part: Path) -> Path:
    return part.with_suffix('.version')


def _span(response: Any) -> tuple[int, int | None]:
    """The place of the answer's first byte, and the size of the whole file if the answer says so."""
    if response.status == 206:
        found = re.fullmatch(r'bytes (\d+)-\d+/(\d+|\*)', response.headers.get('Content-Range', ''))
        if found is None:
            raise _TryAgain('the server sent a part and did not say which')
        return int(found[1]), None if found[2] == '*' else int(found[2])
    length = response.headers.get('Content-Length', '')
    return 0, int(length) if length.isdecimal() else None


class _SafeRedirects(HTTPRedirectHandler):
    """Follows to addresses that would have been taken at first, and never from https:// to http://."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        try:
            require_safe(newurl)
            if req.type == 'https' and urlsplit(newurl).scheme != 'https':
                raise AddressError(f'{shown(newurl)}: http:// after https://. Remedy: another source.')
        except AddressError as error:
            fp.close()
            raise AddressError(f'{shown(req.full_url)} sends on to {error}') from error
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> Any:
    """Through the environment's proxies, but for this machine."""
    proxies = [ProxyHandler({})] if is_loopback(urlsplit(url).hostname or '') else []
    return build_opener(_SafeRedirects(), *proxies)
