"""A video or picture that appears whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.video.errors import VideoError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name beside ``path``: it becomes ``path`` when all went well, and goes away when not.

    Raises:
        OSError: as `atomic_write`.
        VideoError: of ``path``, where one within the block is of the temporary file, or of a disk that refuses it.
    """
    path = os.fspath(path)
    try:
        with atomic_write(path) as temporary:
            yield temporary
    except VideoError as error:
        if (refusal := disk_refusal(error)) is not None:
            reason = refusal.strerror or str(refusal)
            raise VideoError(path, 'encode', reason, 'Free space on this disk, or name another one') from error
        if error.path == os.fspath(temporary):
            raise VideoError(path, error.stage, error.reason, error.remedy) from error
        raise


def disk_refusal(error: BaseException | None) -> OSError | None:
    """What the error comes from, if a disk is full or read-only: no other file can be written there, either."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return error
        error = error.__cause__
    return None
