"""Downloads a file from an https:// address with pooch: several attempts, each from the start, within our limits."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pooch
import requests

from cmvl_mm.files.digest import DigestError, sha256_of

from .address import Address, AddressError, is_loopback, shown
from .limits import DownloadError, bounded_bar, require_safe_redirect, require_size

TIMEOUT = 30.0
"""Seconds without data or an answer after which an attempt fails."""
ATTEMPTS = 5
"""Number of attempts; pooch waits 1, 2, 3 and 4 seconds between them."""
_MOST_REDIRECTS = 10
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Status codes that a later attempt may not give."""
_PIECE = 2**18


class _TryAgain(requests.exceptions.RequestException):
    """An error that another attempt may fix; pooch retries after errors of this base class."""


class _OtherFile(Exception):
    """The file is another one. The base class differs, because a retry would give the same file."""


def fetch_https(address: Address, path: Path, size: int | None) -> None:
    """Download a file, check its digest, and move it to its place.

    Args:
        address: address and digest of the file.
        path: destination of the file; its folder exists.
        size: size in bytes, if known.

    Raises:
        DownloadError: every attempt failed, the server refuses, or its file has another size.
        DigestError: the file is another one. Nothing of it is kept.
        AddressError: the server redirects to an address that is not safe.
    """
    downloads = pooch.create(
        path.parent,
        base_url='',
        registry={path.name: f'sha256:{address.sha256}'},
        urls={path.name: address.url},
        retry_if_failed=ATTEMPTS - 1,
    )
    try:
        with _without_chatter():
            downloads.fetch(path.name, downloader=_Bounded(address, size))
    except _TryAgain as problem:
        raise DownloadError(
            f'{shown(address.url)}: {problem}, {ATTEMPTS} times. Remedy: run it again, or fetch the file yourself and '
            'pass its path.'
        ) from None
    except _OtherFile as found:
        raise DigestError(
            f'{shown(address.url)}: the SHA-256 of the download is {found}, expected {address.sha256}: this is not '
            'the file that was published. The download was deleted. Remedy: use a source whose file has '
            'the expected digest.'
        ) from None


class _Bounded:
    """Pooch's downloader: one attempt, written to a file of pooch's, which pooch deletes on failure."""

    def __init__(self, address: Address, size: int | None) -> None:
        self.address, self.size = address, size

    def __call__(self, url: str, output_file: Any, pooch: Any, check_only: bool = False) -> None:
        with _session(url) as session, _answer(session, url) as response:
            length = response.headers.get('Content-Length', '')
            total = int(length) if length.isdecimal() else None
            require_size(url, total, self.size)
            done = 0
            with bounded_bar(url, self.size)(total=total or self.size) as bar, open(output_file, 'wb') as file:
                for piece in _pieces(response):
                    done += len(piece)
                    bar.update(len(piece))
                    file.write(piece)
        whole = total if total is not None else self.size
        if whole is not None and done < whole:
            raise _TryAgain(f'the connection ended after {done} of {whole} bytes')
        if (found := sha256_of(output_file)) != self.address.sha256:
            raise _OtherFile(found)


def _session(url: str) -> requests.Session:
    """A session through the environment's proxies, except to this machine; without ~/.netrc passwords and cookies."""
    session = requests.Session()
    session.trust_env = not is_loopback(urlsplit(url).hostname or '')
    session.auth = lambda request: request
    session.headers.update({'User-Agent': 'cmvl_mm', 'Accept-Encoding': 'identity'})
    return session


@contextmanager
def _answer(session: requests.Session, url: str) -> Iterator[requests.Response]:
    """The last response of a chain of redirects, each checked before it is followed."""
    asked = url
    for _ in range(_MOST_REDIRECTS):
        try:
            response = session.get(asked, stream=True, timeout=TIMEOUT, allow_redirects=False)
        except requests.exceptions.InvalidURL:
            raise AddressError(f'{shown(url)} redirects to an invalid address. Remedy: use another source.') from None
        except requests.exceptions.SSLError as error:
            if isinstance(_innermost(error), ssl.SSLCertVerificationError):
                raise DownloadError(
                    f'{shown(asked)}: {_innermost(error)}. Remedy: correct the clock and certificates of this machine.'
                ) from None
            raise _TryAgain(f'no answer ({type(error).__name__})') from None
        except requests.exceptions.Timeout:
            raise _TryAgain('no answer (timed out)') from None
        except requests.exceptions.RequestException as error:  # its text has the query, which may hold keys
            raise _TryAgain(f'no answer ({type(_innermost(error)).__name__})') from None
        with response:
            if response.is_redirect:
                target = urljoin(asked, response.headers['Location'])
                require_safe_redirect(asked, target)
                session.cookies.clear()
                asked = target
                continue
            _require_good(response, asked)
            yield response
            return
    raise DownloadError(f'{shown(url)}: more than {_MOST_REDIRECTS} redirects. Remedy: use another source.')


def _require_good(response: requests.Response, url: str) -> None:
    said = f'the server answers {response.status_code} {response.reason}'
    if response.status_code in _PASSING:
        raise _TryAgain(said)
    if response.status_code != 200:
        raise DownloadError(f'{shown(url)}: {said}. Remedy: check the address in a browser.')


def _innermost(error: BaseException) -> BaseException:
    """The error that urllib3 has wrapped."""
    while True:
        inner = getattr(error, 'reason', None) or (error.args[0] if error.args else None)
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Received data. Here, network errors are told apart from those of the disk."""
    pieces = response.iter_content(_PIECE)
    while True:
        try:
            piece = next(pieces, None)
        except requests.exceptions.RequestException as error:
            inner = _innermost(error)
            raise _TryAgain(f'the connection ended early ({type(inner).__name__})') from None
        if piece is None:
            return
        yield piece


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Hide pooch's messages about temporary files; its warnings are shown."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
