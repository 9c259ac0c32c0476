"""A report in one HTML file: tables, pictures and their descriptions; the page loads nothing from elsewhere."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.figure import Figure

from cmvl_mm.evaluation.tables import Table
from cmvl_mm.files.atomic import atomic_write

PICTURE_DPI = 100
_TEMPLATES = Environment(autoescape=True)
_PAGE = _TEMPLATES.from_string("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
td, th { border-bottom: 1px solid #ccc; padding: .3rem .8rem; text-align: right }
td:first-child, th:first-child, .facts td { text-align: left }
.facts th { font-weight: normal; color: #444; vertical-align: top; white-space: nowrap }
.scroll { overflow-x: auto }
@media (max-width: 30rem) { td, th { padding: .3rem .35rem } }
figure { margin: 1rem 0 } figcaption, .says { color: #444; max-width: 60rem }
.says, .facts td { overflow-wrap: anywhere }
figure > img { max-width: 100% }
.row { display: flex; flex-wrap: wrap; gap: .6rem; margin: .8rem 0 }
.tile { width: 168px; margin: 0; font-size: 12px; line-height: 1.3; overflow-wrap: anywhere }
.tile img { width: 160px; min-height: 112px; border: 4px solid #888; display: block; object-fit: contain }
.tile.same img { border-color: #2a2 } .tile.other img { border-color: #c33; border-style: dashed }
.tile.query { margin-right: 1rem }
</style>
<h1>{{ title }}</h1>
{% for heading, blocks in sections.items() %}<h2>{{ heading }}</h2>
{% for block in blocks %}{{ block }}
{% endfor %}{% endfor %}</html>
""")
_TABLE = _TEMPLATES.from_string("""<div class="scroll"><table>
<tr>{% for cell in rows[0] %}<th>{{ cell }}</th>{% endfor %}</tr>
{% for row in rows[1:] %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>""")
_FACTS = _TEMPLATES.from_string("""<table class="facts">
{% for name, value in rows %}<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}</table>""")
_FIGURE = _TEMPLATES.from_string(
    '<figure><img alt="{{ says }}" src="{{ source }}"><figcaption>{{ says }}</figcaption></figure>'
)
_SAYS = _TEMPLATES.from_string('<p class="says">{{ text }}</p>')


def html_table(rows: Table) -> Markup:
    """A table from rows, of which the first is the header; text is escaped."""
    return Markup(_TABLE.render(rows=rows))


def html_facts(rows: Sequence[Sequence[str]]) -> Markup:
    """A table of name and text pairs without a header; text is escaped."""
    return Markup(_FACTS.render(rows=rows))


def html_says(text: str) -> Markup:
    """A sentence as a paragraph; text is escaped."""
    return Markup(_SAYS.render(text=text))


def html_figure(figure: Figure, says: str) -> Markup:
    """A figure as an inline PNG with a sentence that describes it; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=PICTURE_DPI)
    plt.close(figure)
    return Markup(_FIGURE.render(source=inline(buffer.getvalue(), 'image/png'), says=says))


def inline(content: bytes, mime: str) -> str:
    """Bytes as a `data:` URL."""
    return f'data:{mime};base64,{base64.b64encode(content).decode()}'


def write_report(path: str | Path, title: str, sections: Mapping[str, Sequence[Markup]]) -> None:
    """Write headings with blocks below each; the file is written atomically."""
    with atomic_write(Path(path)) as temporary:
        temporary.write_text(_PAGE.render(title=title, sections=sections), encoding='utf-8')
