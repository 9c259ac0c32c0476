"""Files that appear complete or not at all."""

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, synced: bool = False) -> Iterator[Path]:
    """A temporary name next to `path`: renamed to `path` when the block succeeds, deleted when it fails.

    Readers of `path` see the old file or the new one. Concurrent writers use different temporary names, which contain
    process and thread; the last writer to finish wins.

    Args:
        path: the file to write; its folder exists.
        synced: flush the content to the disk before the rename, so that a power cut leaves the old file or the new one.

    Raises:
        OSError: the file cannot be written or renamed; `filename` is `path`, even for a full disk, whose error names no
            file. The old content of `path` is unchanged.
    """
    path = Path(path)
    temporary = path.with_name(f'{path.name}.{os.getpid()}.{threading.get_native_id()}.part')
    try:
        yield temporary
        if synced:
            _sync(temporary)
        os.replace(temporary, path)
        if synced:
            _sync(path.parent)  # the folder holds the name
    except OSError as error:
        unnamed = error.filename is None and error.errno in _FULL
        if type(error).__module__ != 'builtins' or not (unnamed or str(error.filename) == str(temporary)):
            raise  # an error of another file, or of a library
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Write a file atomically.

    Raises:
        OSError: the file cannot be written; `filename` is set, which the error of a full disk lacks.
    """
    replace_lines(path, [text])


def replace_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file of many lines, each with its line feed, atomically; only a few lines are in memory at a time.

    Raises:
        OSError: as for `replace_text`.
    """
    try:
        with atomic_write(path) as temporary, temporary.open('w', encoding='utf-8') as file:
            file.writelines(lines)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
