"""Network addresses of weights: encrypted end to end, and with the SHA-256 of the file."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from cmvl_mm.files.digest import FULL_SHA256

HUB = 'https://huggingface.co'
_HUB_PATH = re.compile(
    r'hf://(?P<repository>[\w.-]+/[\w.-]+?)(?:@(?P<revision>[\w.-]+))?/(?P<file>[\w.-]+(?:/[\w.-]+)*)'
)
_DIGEST = '#sha256='
_PRINTED = re.compile(r'[!-~]+')


class AddressError(ValueError):
    """An address that is refused; the message gives the reason and the remedy."""


class OnHub(NamedTuple):
    """A file in a repository on the hub."""

    repository: str
    revision: str
    file: str


class Address(NamedTuple):
    """The address of a file, and its digest."""

    url: str
    sha256: str
    on_hub: OnHub | None = None
    """The file on the hub, if the address is hf://…"""


def read_address(reference: str, sha256: str | None = None) -> Address:
    """Parse `https://…#sha256=…` or `hf://owner/repository[@revision]/file#sha256=…`.

    Args:
        reference: an address of one of these forms.
        sha256: the digest, instead of the one after '#'; if both are given, they must agree.

    Raises:
        AddressError: the address has another form, no digest, two digests, or an incomplete one.
    """
    bare, _, fragment = reference.partition('#')
    if fragment and not fragment.startswith(_DIGEST[1:]):
        raise AddressError(
            f'{shown(bare)}: #{fragment} is not a digest. Remedy: write {_DIGEST}… with 64 hexadecimal digits.'
        )
    found = {digest.lower() for digest in (fragment.removeprefix(_DIGEST[1:]), sha256) if digest}
    if not found:
        raise AddressError(
            f'{shown(bare)}: no digest, so the download cannot be checked. Remedy: pass '
            f'{shown(bare)}{_DIGEST}… with the SHA-256 that its publisher states elsewhere, or that sha256sum prints '
            'for a copy that you trust.'
        )
    if len(found) > 1:
        raise AddressError(
            f'{shown(bare)}: two digests, {" and ".join(sorted(found))}. Remedy: pass the right one alone.'
        )
    digest = found.pop()
    if not FULL_SHA256.fullmatch(digest):
        raise AddressError(f'{shown(bare)}: {digest!r} is not a full SHA-256. Remedy: pass all 64 hexadecimal digits.')
    if bare.startswith('hf://'):
        place = _on_the_hub(bare)
        url = f'{HUB}/{place.repository}/resolve/{place.revision}/{quote(place.file)}'
        return Address(url, digest, place)
    require_safe(bare)
    return Address(bare, digest)


def require_safe(url: str) -> None:
    """Refuse addresses that others could read or change in transit, and passwords in addresses, which end up in logs.

    Raises:
        AddressError: neither https:// nor, on this machine, http://; with a password; or not an address.
    """
    if not _PRINTED.fullmatch(url):
        raise AddressError(
            f'{shown(url)!r}: an address must be ASCII without spaces. Remedy: encode it, such as a space as %20.'
        )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise AddressError(f'{shown(url)}: not an address ({error}). Remedy: pass https://host/path.') from error
    if parts.scheme != 'https' and not (parts.scheme == 'http' and is_loopback(parts.hostname or '')):
        raise AddressError(
            f'{shown(url)}: {parts.scheme}:// is not allowed. Remedy: pass https://, hf:// or a file on this machine.'
        )
    if not parts.hostname or '@' in parts.netloc:
        raise AddressError(f'{shown(url)}: the address has no host, or has a password. Remedy: pass https://host/path.')


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == 'localhost' or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """An address as messages print it: without the password and the query, which may hold keys to private files."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f'{url.partition("://")[0]}://…'  # the parts cannot be told apart
    return urlunsplit((parts.scheme, parts.netloc.rpartition('@')[2], parts.path, '', ''))


def _on_the_hub(reference: str) -> OnHub:
    parts = _HUB_PATH.fullmatch(reference)
    if parts is None or {'.', '..'} & set(parts['file'].split('/')):
        raise AddressError(
            f'{reference}: not an address of the hub. Remedy: pass hf://owner/repository[@revision]/path/of/file.'
        )
    return OnHub(parts['repository'], parts['revision'] or 'main', parts['file'])
