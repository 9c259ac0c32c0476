"""The supported versions of PyAV, and the differences between PyAV 18.1 and 19."""

from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import InputContainer

SUPPORTED = '>=18.1,<20'
"""As in pyproject.toml. 18.0 crashes; the tests pass with 18.1.0 and 19.0.2."""


class UnsupportedPyAV(ImportError):
    """The installed PyAV is not a supported release.

    Args:
        version: version of the installed PyAV.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        super().__init__(version)

    def __str__(self) -> str:
        return f'PyAV {self.version} is not supported. Remedy: pip install "av{SUPPORTED}".'


def check_version(version: str) -> None:
    """Raises UnsupportedPyAV for a release below 18.1 or from 20 on."""
    major, minor = (int(part) for part in version.split('.')[:2])
    if not (18, 1) <= (major, minor) < (20, 0):
        raise UnsupportedPyAV(version)


check_version(av.__version__)


def open_file(file: str | BinaryIO, options: dict[str, str]) -> InputContainer:
    """Open a file for reading; metadata that is not UTF-8 is not an error."""
    if av.__version__.startswith('18.'):
        return av.open(file, mode='r', options=options, metadata_errors='surrogateescape')
    return av.open(file, mode='r', options=options)  # PyAV 19 always escapes it, and has no such argument


def fraction(value: Any) -> Fraction | None:
    """Convert a rational of PyAV: a Fraction or None in 18.1, an ``AVRational`` in 19, where 0/1 means unknown."""
    return Fraction(value.numerator, value.denominator) if value else None
