"""Writes a video or picture atomically: it appears complete or not at all."""

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
    """A temporary name next to ``path``: renamed to ``path`` on success, removed on failure.

    Raises:
        OSError: as for `atomic_write`.
        VideoError: names ``path``, if the block raises one about the temporary file, or the disk refuses to write it.
    """
    path = os.fspath(path)
    try:
        with atomic_write(path) as temporary:
            yield temporary
    except VideoError as error:
        if (refusal := disk_refusal(error)) is not None:
            reason = refusal.strerror or str(refusal)
            raise VideoError(path, 'encode', reason, 'Free space on this disk, or write to another disk') from error
        if error.path == os.fspath(temporary):
            raise VideoError(path, error.stage, error.reason, error.remedy) from error
        raise


def disk_refusal(error: BaseException | None) -> OSError | None:
    """The cause of the error, if a disk is full or read-only: then no other file can be written there, either."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return error
        error = error.__cause__
    return None
