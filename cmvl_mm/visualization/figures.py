"""Curves and the retrieval gallery as figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np

matplotlib.use('Agg')
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from cmvl_mm.engine.logs import Row
from cmvl_mm.evaluation.features import Features
from cmvl_mm.evaluation.flags import as_flags
from cmvl_mm.evaluation.search import nearest
from cmvl_mm.video import CompressedVideo


class Curve(NamedTuple):
    """One line of a plot: its name, the rows of a run, and the key to draw."""

    name: str
    rows: Sequence[Row]
    key: str


def draw_curves(panels: dict[str, Sequence[Curve]]) -> Figure:
    """One panel per title, its curves over iterations."""
    figure, axes = plt.subplots(1, len(panels), figsize=(5 * len(panels), 3.2), squeeze=False)
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for curve in curves:
            shown = [row for row in curve.rows if curve.key in row]
            ax.plot([row['step'] for row in shown], [row[curve.key] for row in shown], label=curve.name)
        ax.set_title(title)
        ax.set_xlabel('iteration')
        ax.grid(alpha=0.3)
        ax.legend()
    figure.tight_layout()
    return figure


def draw_progress(rows: dict[int, Row], names: Sequence[str]) -> Figure:
    """Figures in percent over epochs, on a logarithmic axis: most is learnt early (Table 7).

    Args:
        rows: epoch -> figures.
        names: which of them to draw.
    """
    figure, ax = plt.subplots(figsize=(6, 4))
    for name in names:
        ax.plot(list(rows), [row[name] for row in rows.values()], marker='o', label=name)
    ax.set_xscale('log')
    ax.set_xticks(list(rows), [str(epoch) for epoch in rows])
    ax.minorticks_off()
    ax.set_xlabel('epochs')
    ax.set_ylabel('%')
    ax.grid(alpha=0.3)
    ax.legend()
    figure.tight_layout()
    return figure


def draw_gallery(
    found: Features, labels: np.ndarray, root: str | Path, queries: int = 6, neighbours: int = 5
) -> Figure:
    """Queries and their nearest gallery videos by middle frame; a green frame is the query's class, a red one is not.

    Args:
        found: of a retrieval run.
        labels: (n,) classes, one per row of `found`.
        root: folder of the videos.
        queries, neighbours: rows and columns.
    """
    is_query = as_flags(found.is_query)
    query, gallery = np.flatnonzero(is_query), np.flatnonzero(~is_query)
    chosen = query[np.linspace(0, len(query) - 1, min(queries, len(query))).astype(int)]
    ranked = gallery[nearest(found.features[chosen], found.features[gallery], neighbours).rows]
    figure, axes = plt.subplots(
        len(chosen), neighbours + 1, figsize=(2 * (neighbours + 1), 2 * len(chosen)), squeeze=False
    )
    for row, own, others in zip(axes, chosen, ranked, strict=True):
        for ax in row:
            ax.set_xticks([])
            ax.set_yticks([])
        row[0].imshow(middle_frame(Path(root) / str(found.paths[own])))
        row[0].set_ylabel('query')
        for ax, other in zip(row[1:], others, strict=False):
            ax.imshow(middle_frame(Path(root) / str(found.paths[other])))
            for spine in ax.spines.values():
                spine.set_color('limegreen' if labels[other] == labels[own] else 'red')
                spine.set_linewidth(4)
    figure.tight_layout()
    return figure


def middle_frame(path: str | Path) -> np.ndarray:
    """(H, W, 3) uint8."""
    with CompressedVideo(path) as video:
        frames, _ = video.read(rgb=[video.num_frames // 2], motion=[])
    return frames[0]
