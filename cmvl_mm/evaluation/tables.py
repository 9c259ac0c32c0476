"""Tables as aligned text."""

from collections.abc import Sequence

Table = Sequence[Sequence[str]]


def text_table(rows: Table) -> str:
    """Format rows, of which the first is the header, as aligned text: first column left, other columns right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        '  '.join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return '\n'.join([lines[0], '-' * len(lines[0]), *lines[1:]])
