"""Blocks of a command's help whose lines click keeps as they are, shown as they are."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def as_typed(lines: list[str]) -> list[str]:
    """The lines with each line block, which sphinx-click makes of click's blocks, as a block of plain text.

    In a line block `**/*.mkv` would be markup, and spaces in front would be lost. Help is plain text elsewhere, too.
    """
    made: list[str] = []
    for kept, group in groupby(lines, lambda line: line.startswith('|')):
        if kept:
            made += ['', '.. code-block:: text', '', *(f'   {line[2:]}'.rstrip() for line in group), '']
        else:
            made += (line.replace('*', '\\*') for line in group)
    return made


def setup(app: 'Sphinx') -> dict[str, Any]:
    """Called by Sphinx."""

    def show(app: 'Sphinx', context: object, lines: list[str]) -> None:
        lines[:] = as_typed(lines)

    for part in ('description', 'epilog'):
        app.connect(f'sphinx-click-process-{part}', show)
    return dict(parallel_read_safe=True)
