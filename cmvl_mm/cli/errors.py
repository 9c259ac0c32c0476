"""Errors that a user can mend -> one line on standard error; all others keep their traceback."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cmvl_mm.files.extras import remedy_for

_REMEDY = 'Remedy: '  # in messages of ours alone, also where the class is Python's own
_REMEDIES = {
    errno.ENOENT: 'check the path, and that its folder is there',
    errno.EACCES: 'permission for this path, or another one',
    errno.EPERM: 'permission for this path, or another one',
    errno.EROFS: 'a path on a disk that can be written',
    errno.ENOSPC: 'free space on this disk, or another one',
    errno.EDQUOT: 'free space on this disk, or another one',
    errno.EISDIR: 'the path of a file; this is a folder',
    errno.ENOTDIR: 'the path of a folder; a part of this one is a file',
}


@contextmanager
def shown_in_one_line() -> Iterator[None]:
    """Turn errors of our own classes, of files and of missing extras into Click's; exit code 1.

    Raises:
        click.ClickException: its message is the error's, which names path, value and remedy.
    """
    try:
        yield
    except click.ClickException:  # with an exit code of its own
        raise
    except ModuleNotFoundError as error:
        remedy = remedy_for(error.name)
        if remedy is None:
            raise
        raise click.ClickException(
            f'{(error.name or "").partition(".")[0]} is not installed, and this command needs it. {remedy}'
        ) from error
    except OSError as error:
        if error.filename is None and type(error) is OSError:
            raise
        raise click.ClickException(_of_a_file(error)) from error
    except Exception as error:
        if not type(error).__module__.startswith('cmvl_mm.') and _REMEDY not in str(error):
            raise
        raise click.ClickException(str(error)) from error


def _of_a_file(error: OSError) -> str:
    """Path, reason and remedy; of an error of our own, which names no file, its message."""
    if error.filename is None or error.strerror is None:
        return str(error)
    remedy = _REMEDIES.get(error.errno or 0)
    return f'{os.fsdecode(error.filename)}: {error.strerror}' + (f'. {_REMEDY}{remedy}.' if remedy else '')
