"""Docstrings, whose tables and `code` are written as in Markdown, for Sphinx, which reads reStructuredText."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_ROW = re.compile(r'^\s*\|.*\|\s*$')
_CODE = re.compile(r'(?<![`:\w])`([^`]+)`(?!`)')
_PLAIN = ('attribute', 'data', 'property')
"""Napoleon would take what stands before a colon in their text for a type."""


def as_rest(lines: list[str]) -> list[str]:
    """The lines of a docstring with tables as `list-table` and `code` as literals."""
    return as_list_tables([_CODE.sub(_literal, line) for line in lines])


def _literal(found: re.Match[str]) -> str:
    rest = found.string[found.end() : found.end() + 1]
    return f'``{found[1]}``' + ('\\ ' if rest.isalnum() else '')


def as_list_tables(lines: list[str]) -> list[str]:
    """The lines with each Markdown table as a `list-table`."""
    result: list[str] = []
    table: list[str] = []
    for line in [*lines, '']:
        if _ROW.match(line):
            table.append(line)
            continue
        result += _list_table(table)
        table = []
        result.append(line)
    return result[:-1]


def _list_table(table: list[str]) -> list[str]:
    if len(table) < 2:
        return table
    indent = ' ' * (len(table[0]) - len(table[0].lstrip()))
    rows = [[cell.strip() for cell in row.strip()[1:-1].split('|')] for row in table if not set(row) <= set(' |-:')]
    made = ['', f'{indent}.. list-table::', f'{indent}   :header-rows: 1', '']
    for row in rows:
        for column, cell in enumerate(row):
            made.append(f'{indent}   {"* -" if column == 0 else "  -"} {cell}'.rstrip())
    return [*made, '']


def setup(app: 'Sphinx') -> dict[str, Any]:
    """Called by Sphinx."""
    plain: dict[str, list[str]] = {}

    def before(app: 'Sphinx', what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
        lines[:] = as_rest(lines)
        if what in _PLAIN:
            plain[name] = list(lines)

    def after(app: 'Sphinx', what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
        if what in _PLAIN:
            lines[:] = plain.pop(name)

    app.connect('autodoc-process-docstring', before, priority=400)  # Napoleon's is 500
    app.connect('autodoc-process-docstring', after, priority=600)
    return dict(parallel_read_safe=True)
