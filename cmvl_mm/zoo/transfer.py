"""One file over HTTP: several attempts, each going on where the one before ended, with limits to size and time."""

import http.client
import re
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from .address import AddressError, is_loopback, require_safe, shown
from .progress import Progress

TIMEOUT = 30.0
"""Seconds without a byte, or without an answer, after which an attempt has failed."""
WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt."""
LARGEST = 4 * 2**30
"""Bytes at which a download ends whose size was not published."""
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers after which the same question may be answered better."""


class DownloadError(OSError):
    """A file could not be fetched; the message names address, reason and remedy."""


class _TryAgain(Exception):
    """What another attempt may mend."""


def transfer(url: str, part: Path, size: int | None) -> None:
    """Attempts until the last byte has come, each from where the one before, or an earlier process, ended.

    Args:
        url: from where.
        part: what has come, to be completed; whether it is the right file is for others to say.
        size: its bytes in the end, if they are known.

    Raises:
        DownloadError: no attempt came to the end, the server refuses, or it has a file of another size.
        AddressError: the server sends on to an address that is not safe.
    """
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
    with _ask(url, part, have) as response:
        begins, total = _span(response)
        if begins not in (0, have):
            part.unlink()
            raise _TryAgain(f'the server began at byte {begins}, not {have}')
        if size is not None and total is not None and total != size:
            raise DownloadError(
                f'{shown(url)}: {total} bytes lie there, {size} were published. Remedy: another source.'
            )
        version_of(part).write_text(f'{shown(url)}\n{_version(response)}\n')
        _write(response, part, begins=begins, total=total or size, most=size or LARGEST, name=shown(url))


def _ask(url: str, part: Path, have: int) -> Any:
    """The server's answer to a request for what comes after `have` bytes."""
    try:
        return _opener(url).open(Request(url, headers=_headers(url, part, have)), timeout=TIMEOUT)
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
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise DownloadError(f'{shown(url)}: {reason}. Remedy: the right clock and certificates.') from error
        raise _TryAgain(f'no answer ({reason or type(reason).__name__})') from error
    except AddressError:
        raise
    except ValueError as error:  # urllib reads where it is sent to before it asks `_SafeRedirects`
        raise AddressError(f'{shown(url)} sends on to no address ({error}). Remedy: another source.') from error


def _write(response: Any, part: Path, *, begins: int, total: int | None, most: int, name: str) -> None:
    """The body of an answer to the end of the part, or over it."""
    done = begins
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
        lines = version_of(part).read_text().splitlines() if version_of(part).exists() else []
        if len(lines) == 2 and lines[0] == shown(url) and lines[1]:
            headers['If-Range'] = lines[1]
    return headers


def _version(response: Any) -> str:
    """What If-Range takes: a strong ETag, else the time of the last change; '' where there is neither."""
    tag = response.headers.get('ETag', '')
    return tag if tag and not tag.startswith('W/') else response.headers.get('Last-Modified', '')


def version_of(part: Path) -> Path:
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
