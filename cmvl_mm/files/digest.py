"""SHA-256 of files: checks that a file is exactly the published one."""

import hashlib
import re
from pathlib import Path

FULL_SHA256 = re.compile(r'[0-9a-f]{64}')


class DigestError(ValueError):
    """A file is not the expected one, or the expected digest is incomplete."""


def sha256_of(path: str | Path) -> str:
    """64 hexadecimal digits in lower case; the file is read in pieces."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def require_sha256(path: str | Path, expected: str) -> None:
    """Refuse a file that differs in any bit.

    Args:
        path: the file.
        expected: all 64 hexadecimal digits. A shortened digest, such as the 8 digits in file names of model zoos, could
            be matched by brute force, and is refused.

    Raises:
        FileNotFoundError: there is no such file.
        DigestError: the file is another one, or `expected` is not a full SHA-256.
    """
    if not FULL_SHA256.fullmatch(expected.lower()):
        raise DigestError(
            f'{path}: {expected!r} is not a full SHA-256. '
            'Remedy: give all 64 hexadecimal digits, as sha256sum prints them.'
        )
    if (found := sha256_of(path)) != expected.lower():
        raise DigestError(
            f'{path}: its SHA-256 is {found}, expected {expected.lower()}: this is not the file that was published. '
            'Remedy: download the file again, and use it only if its digest is right.'
        )
