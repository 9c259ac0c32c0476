"""Which run works on which video of a folder: several runs on one folder share the videos and disturb nobody.

Each video is one byte of the file `.prepare.lock`, which a process locks while it works on that video. The system
releases the lock when the process ends, however it ends. Nothing is written to the file.
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Literal

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

LOCK_NAME = '.prepare.lock'
POLL_SECONDS = 0.2

Claim = Literal['mine', 'taken', 'no locks']
"""Held by this process until the end of the block; held by another process; the file system has no locks."""

_HELD = {errno.EACCES, errno.EAGAIN}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


@contextmanager
def claim(folder: Path, name: str) -> Iterator[Claim]:
    """Try to lock one name below an existing folder; never waits. A process holds one claim at a time.

    Raises:
        OSError: the lock file cannot be made.
    """
    file = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _lock(file, name)
    finally:
        os.close(file)  # releases the lock


def _lock(file: int, name: str) -> Claim:
    if fcntl is None:
        return 'no locks'
    place = int.from_bytes(sha256(os.path.normpath(name).encode()).digest()[:7])  # two names meet once in 2^56
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except OSError as error:
        if error.errno in _HELD:
            return 'taken'
        if error.errno in _NO_LOCKS:
            return 'no locks'
        raise
    return 'mine'


def wait_for_any(folder: Path, names: Iterable[str]) -> None:
    """Return as soon as no other process holds one of the names."""
    names = list(names)
    while all(_is_taken(folder, name) for name in names):
        sleep(POLL_SECONDS)


def _is_taken(folder: Path, name: str) -> bool:
    with claim(folder, name) as state:
        return state == 'taken'
