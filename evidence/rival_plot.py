"""The scatter plot of RIVALS.md: what each task teaches."""

from collections.abc import Sequence
from statistics import fmean

import matplotlib

matplotlib.use('Agg')
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from rival_rows import Entry
from rival_tables import of
from store import Result

AXES = ('R@1 context', 'R@1 motion')
_STYLES = {'rival': ('tab:blue', 'o'), 'ours': ('tab:red', 's'), 'outer': ('tab:gray', '^')}
_WORDS = {'rival': 'other papers', 'ours': 'context and motion of the stream', 'outer': 'random, supervised'}
_OFFSETS = [(x, y) for radius in (6, 14, 24, 36) for x, y in (
    (radius, 0), (radius, radius), (radius, -radius), (0, radius), (0, -radius), (-radius, radius), (-radius, -radius),
    (-radius, 0),
)]  # fmt: skip
"""Offsets in points from a dot to its name, in the order in which they are tried."""


def draw(lines: Sequence[Entry], results: Sequence[Result]) -> Figure | None:
    """Draw one labelled point per row: means with the deviation over seeds; None if no row was run."""
    points = {
        entry: tuple(of(results, entry, figure) for figure in AXES) for entry in lines if of(results, entry, AXES[0])
    }
    if not points:
        return None
    figure = Figure(figsize=(9, 7))
    ax = figure.add_subplot()
    for kind, (colour, marker) in _STYLES.items():
        means = [tuple(map(fmean, found)) for entry, found in points.items() if entry.kind == kind]
        if means:
            ax.plot(*zip(*means, strict=True), marker, color=colour, markersize=6, label=_WORDS[kind])
    for entry, found in points.items():
        for seed in zip(*found, strict=True):
            ax.plot(*seed, '.', color=_STYLES[entry.kind][0], markersize=2.5, alpha=0.6)
    ax.set_xlabel(f'{AXES[0]}, %')
    ax.set_ylabel(f'{AXES[1]}, %')
    ax.margins(0.08)
    ax.grid(alpha=0.3)
    ax.legend(loc='upper center', bbox_to_anchor=(0.5, 1.08), ncols=3, frameon=False)
    figure.tight_layout()
    _label(figure, ax, {entry.name: tuple(map(fmean, found)) for entry, found in points.items()})
    return figure


def _label(figure: Figure, ax: Axes, points: dict[str, tuple[float, ...]]) -> None:
    """Write each name inside the axes, as near to its dot as possible without covering other names or dots."""
    figure.canvas.draw()
    dots = [ax.transData.transform(point) for point in points.values()]
    taken = []
    for name, point in points.items():
        best: tuple[int, Text] | None = None
        for dx, dy in _OFFSETS:
            side = 'left' if dx > 0 else 'right' if dx < 0 else 'center'
            text = ax.annotate(name, point, (dx, dy), textcoords='offset points', fontsize=8, ha=side, va='center')
            box = text.get_window_extent().padded(1)
            covered = sum(box.overlaps(other) for other in taken) + sum(box.contains(*dot) for dot in dots)
            covered += box.x0 < ax.bbox.x0 or box.x1 > ax.bbox.x1  # extends beyond the picture
            if best is None or covered < best[0]:
                if best is not None:
                    best[1].remove()
                best = covered, text
            else:
                text.remove()
            if best[0] == 0:
                break
        assert best is not None
        taken.append(best[1].get_window_extent().padded(1))
