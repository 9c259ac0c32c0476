"""Locks on single bytes of a file that processes share; the system releases them when a process ends."""

import errno
from typing import Literal

try:
    import fcntl
except ImportError:  # not available on Windows
    fcntl = None  # type: ignore[assignment]

Claim = Literal['mine', 'taken', 'no locks']
"""Result of a lock: held by this process; held by another process; the file system does not support locks."""

_HELD = {errno.EACCES, errno.EAGAIN}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


def lock_byte(file: int, place: int, *, wait: bool = False) -> Claim:
    """Lock a byte, which need not exist.

    Args:
        file: descriptor, open for writing.
        place: offset of the byte.
        wait: wait until no other process holds it; otherwise a held byte gives 'taken'.

    Raises:
        OSError: locking fails for any other reason.
    """
    if fcntl is None:
        return 'no locks'
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB), 1, place)
    except OSError as error:
        if error.errno in _HELD:
            return 'taken'
        if error.errno in _NO_LOCKS:
            return 'no locks'
        raise
    return 'mine'


def unlock_byte(file: int, place: int) -> None:
    """Release a byte that is 'mine'."""
    fcntl.lockf(file, fcntl.LOCK_UN, 1, place)
