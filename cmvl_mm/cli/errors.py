"""Errors that a user can mend -> one line on standard error; all others keep their traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from cmvl_mm.files.extras import remedy_for


@contextmanager
def shown_in_one_line() -> Iterator[None]:
    """Turn errors of our own classes, of files and of missing extras into Click's; exit code 1.

    Raises:
        click.ClickException: its message is the error's, which names path, value and remedy.
    """
    try:
        yield
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
        raise click.ClickException(str(error)) from error
    except Exception as error:
        if not type(error).__module__.startswith('cmvl_mm.'):
            raise
        raise click.ClickException(str(error)) from error
