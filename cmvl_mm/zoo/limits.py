"""What bounds every download: its size, and where it may be redirected."""

import sys
from typing import Any
from urllib.parse import urlsplit

from tqdm import tqdm

from .address import AddressError, require_safe, shown

LARGEST = 4 * 2**30
"""Bytes at which a download ends whose size was not published."""


class DownloadError(OSError):
    """A file could not be fetched; the message names address, reason and remedy."""


def require_size(url: str, found: int | None, published: int | None) -> None:
    """Refuse a file of another size, or one that is too large, before it comes.

    Raises:
        DownloadError: the server says so.
    """
    if found is not None and published is not None and found != published:
        raise DownloadError(
            f'{shown(url)}: {found} bytes are served, {published} were published. Remedy: another source.'
        )
    if found is not None and found > LARGEST:
        raise _too_large(url, LARGEST)


def _too_large(url: str, most: int) -> DownloadError:
    return DownloadError(f'{shown(url)}: the server sends more than {most} bytes. Remedy: another source.')


def require_safe_redirect(url: str, target: str) -> None:
    """Refuse to follow to an address that would not have been taken at first, and from https:// to http://.

    Raises:
        AddressError: it is one.
    """
    try:
        require_safe(target)
        if urlsplit(url).scheme == 'https' and urlsplit(target).scheme != 'https':
            raise AddressError(f'{shown(target)}: http:// after https://. Remedy: another source.')
    except AddressError as error:
        raise AddressError(f'{shown(url)} redirects to {error}') from None


def bounded_bar(url: str, published: int | None) -> type[tqdm]:
    """A kind of progress bar that ends a download which grows too large.

    It moves on a terminal; elsewhere it is one line, that the download begins.

    Args:
        url: of the download.
        published: its bytes, if they are known.
    """
    most = published or LARGEST

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            kept = {key: options[key] for key in ('total', 'initial') if key in options}
            moves = sys.stderr.isatty()
            super().__init__(**kept, desc=shown(url), unit='B', unit_scale=True, disable=not moves, file=sys.stderr)
            if not moves:
                size = f', {kept["total"] / 1e6:.1f} MB' if kept.get('total') else ''
                print(f'{shown(url)}: downloading{size}', file=sys.stderr, flush=True)
            self.come = kept.get('initial') or 0

        def update(self, n: float | None = 1) -> bool | None:
            self.come += int(n or 0)
            if self.come > most:
                raise _too_large(url, most)
            return super().update(n)

    return Bar
