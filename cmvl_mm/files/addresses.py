"""Addresses of object stores, such as `s3://bucket/features`, and paths of this machine."""

import re
from pathlib import Path

_ADDRESS = re.compile(r'[a-z][a-z0-9+.-]+://')


def is_address(path: str | Path) -> bool:
    """Whether this is on a store, not a path. A `Path` is never one: it makes one slash of two."""
    return isinstance(path, str) and _ADDRESS.match(path) is not None
