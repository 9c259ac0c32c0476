"""Errors that a user can mend -> one line on standard error; all others keep their traceback."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cmvl_mm.files.extras import remedy_for

_REMEDY = 'Remedy: '  # in messages of ours alone, also where the class is Python's own
_REMEDIES = {
    errno.ENOENT: 'check the path, and that its folder exists',
    errno.EACCES: 'get permission for this path, or choose another path',
    errno.EPERM: 'get permission for this path, or choose another path',
    errno.EROFS: 'choose a path on a writable disk',
    errno.ENOSPC: 'free space on this disk, or choose another disk',
    errno.EDQUOT: 'free space on this disk, or choose another disk',
    errno.EISDIR: 'name a file; this path is a folder',
    errno.ENOTDIR: 'correct the path; a part of it is a file, not a folder',
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
