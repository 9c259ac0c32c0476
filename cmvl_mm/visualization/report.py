"""A report in one HTML file: tables and pictures, nothing fetched from anywhere."""

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cmvl_mm.evaluation.tables import Table
from cmvl_mm.files.atomic import atomic_write

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { border-bottom: 1px solid #ccc; padding: .3rem 1rem; text-align: right }
td:first-child, th:first-child { text-align: left }
img { max-width: 100% }
"""


def html_table(rows: Table) -> str:
    """The same rows as HTML."""
    head, *body = [[html.escape(cell) for cell in row] for row in rows]
    lines = ['<tr>' + ''.join(f'<th>{cell}</th>' for cell in head) + '</tr>']
    lines += ['<tr>' + ''.join(f'<td>{cell}</td>' for cell in row) + '</tr>' for row in body]
    return '<table>' + ''.join(lines) + '</table>'


def html_figure(figure: Figure) -> str:
    """A figure as an inline PNG; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=80)
    plt.close(figure)
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def write_report(path: str | Path, title: str, sections: dict[str, Sequence[str]]) -> None:
    """Headings with blocks of HTML below each; the file appears whole or not at all."""
    path = Path(path)
    body = ''.join(f'<h2>{html.escape(heading)}</h2>{"".join(blocks)}' for heading, blocks in sections.items())
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{body}</html>\n'
    )
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding='utf-8')
