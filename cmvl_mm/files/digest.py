"""SHA-256 of files: whether a file is, to the byte, the one that somebody published."""

import hashlib
import re
from pathlib import Path

FULL_SHA256 = re.compile(r'[0-9a-f]{64}')


class DigestError(ValueError):
    """A file is not the one expected, or what is expected is no full digest."""


def sha256_of(path: str | Path) -> str:
    """64 hexadecimal digits, lower case; the file is read in pieces."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def require_sha256(path: str | Path, expected: str) -> None:
    """Refuse a file of which one bit differs.

    Args:
        path: the file.
        expected: all 64 hexadecimal digits. A shortened digest, such as the 8 digits that model zoos write into file
            names, can be matched by trying, and is refused.

    Raises:
        FileNotFoundError: there is no such file.
        DigestError: the file is another one, or `expected` is not a full SHA-256.
    """
    if not FULL_SHA256.fullmatch(expected.lower()):
        raise DigestError(
            f'{path}: {expected!r} is not a full SHA-256. Remedy: all 64 hexadecimal digits, as sha256sum prints them.'
        )
    if (found := sha256_of(path)) != expected.lower():
        raise DigestError(
            f'{path}: its SHA-256 is {found}, expected {expected.lower()}: this is not the file that was published. '
            'Remedy: fetch it again from its source, and use it only if the digest is right then.'
        )
