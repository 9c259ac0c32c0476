"""Tables as aligned text."""

from collections.abc import Sequence

Table = Sequence[Sequence[str]]


def text_table(rows: Table) -> str:
    """Rows, the first of them the header, as aligned text; the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        '  '.join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return '\n'.join([lines[0], '-' * len(lines[0]), *lines[1:]])
