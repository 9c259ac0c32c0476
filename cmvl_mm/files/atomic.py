"""Files that appear whole or not at all."""

import errno
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, synced: bool = False) -> Iterator[Path]:
    """A name beside `path` to write to, which becomes `path` when the block ends well and is deleted when it does not.

    Whoever reads `path` meanwhile sees the old file or the new one. Whoever else writes it uses another name, which
    holds process and thread; the last one to end stays.

    Args:
        path: of the file; its folder exists.
        synced: the content reaches the disk before the name does, so that a power cut leaves the old file or the new.

    Raises:
        OSError: it cannot be written or renamed; its `filename` is `path`, also of a full disk, which names no file.
            What was at `path` is as it was.
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
            raise  # not of this file, or a library's own
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
    """Write a file in one step.

    Raises:
        OSError: it cannot be written; `filename` is the file's, which a full disk does not say.
    """
    replace_lines(path, [text])


def replace_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file of many lines, each with its line feed, in one step; only few of them are held at a time.

    Raises:
        OSError: as `replace_text`.
    """
    try:
        with atomic_write(path) as temporary, temporary.open('w', encoding='utf-8') as file:
            file.writelines(lines)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
