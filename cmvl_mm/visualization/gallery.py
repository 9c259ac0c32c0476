"""The retrieval gallery: queries and their nearest videos as animated clips, with names, labels and scores."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jinja2 import Environment
from markupsafe import Markup

from cmvl_mm.evaluation.features import Features
from cmvl_mm.evaluation.flags import as_flags
from cmvl_mm.evaluation.search import nearest

from .animated import animated_clip
from .report import inline

_ROWS = Environment(autoescape=True).from_string("""{% for tiles in rows %}<div class="row">
{% for tile in tiles %}<figure class="tile {{ tile.kind }}"><img alt="{{ tile.path }}" src="{{ clips[tile.path] }}">
<figcaption>{% if tile.score is none %}<b>query</b>{% else %}cosine {{ '%.3f' % tile.score }}{% endif %}
{% if tile.label is not none %}· {{ tile.label }}{% if tile.kind == 'same' %} (the query's){% endif %}{% endif %}
<br>{{ tile.path }}</figcaption></figure>
{% endfor %}</div>
{% endfor %}""")


class Tile(NamedTuple):
    """One video of the gallery."""

    path: str
    label: str | None
    score: float | None
    """Cosine similarity to the query; None for the query itself."""
    kind: str
    """'query'; for a neighbour the class, 'same' or 'other', or '' if labels are unknown."""


def gallery_rows(
    found: Features,
    labels: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    queries: int = 6,
    neighbours: int = 5,
) -> list[list[Tile]]:
    """Queries, evenly spaced in their list, each with its nearest videos, nearest first.

    Args:
        found: features of a retrieval run; without queries in it, every video is compared with all others.
        labels: (n,) classes, one per row of `found`; None if they are unknown.
        names: names of the classes; without them 'class 3'.
        queries, neighbours: largest number of rows and columns.
    """
    is_query = as_flags(found.is_query)
    query, gallery = np.flatnonzero(is_query), np.flatnonzero(~is_query)
    if not len(query):
        query = gallery
    chosen = query[np.linspace(0, len(query) - 1, min(queries, len(query))).astype(int)]
    ranked = nearest(found.features[chosen], found.features[gallery], min(neighbours + 1, len(gallery)))

    def tile(row: int, score: float | None = None, kind: str = 'query') -> Tile:
        label = None if labels is None else int(labels[row])
        shown = None if label is None else (names[label] if names is not None else f'class {label}')
        return Tile(str(found.paths[row]), shown, score, kind)

    rows = []
    for own, others, scores in zip(chosen, gallery[ranked.rows], ranked.similarity, strict=True):
        pairs = [(other, score) for other, score in zip(others, scores, strict=True) if other != own][:neighbours]
        rows.append([tile(own)])
        for other, score in pairs:
            kind = '' if labels is None else 'same' if labels[other] == labels[own] else 'other'
            rows[-1].append(tile(other, float(score), kind))
    return rows


def html_gallery(rows: Sequence[Sequence[Tile]], root: str | Path) -> Markup:
    """HTML of the rows, with a short animated clip of each video; names are escaped.

    Raises:
        VideoError: a video below `root` cannot be read.
    """
    paths = {tile.path for row in rows for tile in row}
    clips = {path: inline(animated_clip(Path(root) / path), 'image/webp') for path in sorted(paths)}
    return Markup(_ROWS.render(rows=rows, clips=clips))
