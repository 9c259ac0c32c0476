"""What `cmvl pretrain` and `cmvl finetune` share."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

OUT = 'Work directory: prepared videos, config, checkpoints, curves'
_OPTIONS = (
    click.option(
        '--epochs',
        type=click.IntRange(1),
        help='Epochs; the learning-rate schedule adapts. Default: by the number of videos.',
    ),
    click.option('--workers', type=click.IntRange(1), help='Processes that re-encode videos; default: one per core.'),
    click.option('--cfg-options', multiple=True, metavar='KEY=VALUE', help='Override a key of the config; repeatable.'),
    click.option('--json', 'as_json', is_flag=True, help='Print the result as JSON; all else goes to standard error.'),
)


def shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """Epochs, workers, options of the config, JSON."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def parsed(words: tuple[str, ...]) -> dict[str, Any]:
    """KEY=VALUE each -> options of a config."""
    if not words:
        return {}
    from cmvl_mm.publishing.settings import options_of

    return options_of(words)


@contextlib.contextmanager
def screen(as_json: bool) -> Iterator[None]:
    """Logs go to standard error where standard output is for JSON alone; Ctrl-C is one line and exit code 130."""
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        try:
            yield
        except KeyboardInterrupt:  # before the training, which saves, and after it
            click.echo('stopped; repeat the command to resume', err=True)
            raise SystemExit(130) from None
