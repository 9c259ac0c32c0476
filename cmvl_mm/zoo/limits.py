"""Limits of every download: its size, and where it may be redirected."""

import sys
from typing import Any
from urllib.parse import urlsplit

from tqdm import tqdm

from .address import AddressError, require_safe, shown

LARGEST = 4 * 2**30
"""Largest download in bytes if its size was not published."""


class DownloadError(OSError):
    """A file could not be fetched; the message names address, reason and remedy."""


def require_size(url: str, found: int | None, published: int | None) -> None:
    """Refuse a file of another size, or one that is too large, before downloading it.

    Raises:
        DownloadError: the server announces such a size.
    """
    if found is not None and published is not None and found != published:
        raise DownloadError(
            f'{shown(url)}: the server offers {found} bytes, not the published {published}. Remedy: use another source.'
        )
    if found is not None and found > LARGEST:
        raise _too_large(url, LARGEST)


def _too_large(url: str, most: int) -> DownloadError:
    return DownloadError(f'{shown(url)}: the server sends more than {most} bytes. Remedy: use another source.')


def require_safe_redirect(url: str, target: str) -> None:
    """Refuse a redirect to an address that would be refused itself, and from https:// to http://.

    Raises:
        AddressError: the redirect is refused.
    """
    try:
        require_safe(target)
        if urlsplit(url).scheme == 'https' and urlsplit(target).scheme != 'https':
            raise AddressError(f'{shown(target)}: http:// after https:// is not allowed. Remedy: use another source.')
    except AddressError as error:
        raise AddressError(f'{shown(url)} redirects to {error}') from None


def bounded_bar(url: str, published: int | None) -> type[tqdm]:
    """A class of progress bar that stops a download which grows too large.

    On a terminal the bar moves; elsewhere it prints one line at the start of the download.

    Args:
        url: address of the download.
        published: size in bytes, if known.
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
