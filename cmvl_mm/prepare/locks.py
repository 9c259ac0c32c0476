"""Locks on the videos of a folder, so that several runs on one folder share the work without conflicts.

Each video is one byte of the file `.prepare.lock`, which a process locks while it works on that video. The system
releases the lock when the process ends, also after a crash. Nothing is written to the file.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import sleep

from cmvl_mm.files.byte_locks import Claim, lock_byte

LOCK_NAME = '.prepare.lock'
POLL_SECONDS = 0.2


@contextmanager
def claim(folder: Path, name: str) -> Iterator[Claim]:
    """Try to lock one name below an existing folder; never waits. A process holds one claim at a time.

    Raises:
        OSError: the lock file cannot be created.
    """
    file = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _lock(file, name)
    finally:
        os.close(file)  # releases the lock


def _lock(file: int, name: str) -> Claim:
    place = int.from_bytes(sha256(os.path.normpath(name).encode()).digest()[:7])  # two names collide once in 2^56
    return lock_byte(file, place)


def wait_for_any(folder: Path, names: Iterable[str]) -> None:
    """Wait until one of the names is free, that is, no other process holds it."""
    names = list(names)
    while all(_is_taken(folder, name) for name in names):
        sleep(POLL_SECONDS)


def _is_taken(folder: Path, name: str) -> bool:
    with claim(folder, name) as state:
        return state == 'taken'
