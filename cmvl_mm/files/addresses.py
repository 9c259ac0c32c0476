"""Tells addresses of object stores, such as `s3://bucket/features`, from paths of this machine."""

import re
from pathlib import Path

_ADDRESS = re.compile(r'[a-z][a-z0-9+.-]+://')


def is_address(path: str | Path) -> bool:
    """Whether this is an address on an object store. A `Path` never is: it turns two slashes into one."""
    return isinstance(path, str) and _ADDRESS.match(path) is not None
