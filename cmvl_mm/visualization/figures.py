"""Figures of training curves."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np

matplotlib.use('Agg')
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cmvl_mm.engine.logs import Row

COLUMNS = 2
FEWEST_SMOOTHED = 20  # points; averaging fewer points shows nothing more


class Curve(NamedTuple):
    """One line of a plot: its name, the rows of a run, and the key to draw."""

    name: str
    rows: Sequence[Row]
    key: str


class Panel(NamedTuple):
    """Curves that share an axis."""

    curves: Sequence[Curve]
    unit: str
    """Name and unit of the vertical axis: 'accuracy, %'."""
    factor: float = 1.0
    """Factor for the logged numbers; 100 turns shares into percent."""
    chance: float | None = None
    """Value by guessing, in the unit; None if it is unknown."""


def smoothed(values: Sequence[float], window: int) -> np.ndarray:
    """(n,) -> (n,) means over `window` neighbours, fewer at the ends; an odd window is centred."""
    kernel = np.ones(window)
    counts = np.convolve(np.ones(len(values)), kernel, mode='same')
    return np.convolve(np.asarray(values, dtype=float), kernel, mode='same') / counts


def draw_curves(panels: dict[str, Panel]) -> Figure:
    """One panel per title with its curves over iterations: logged values pale, means over neighbouring points dark.

    A curve of fewer than `FEWEST_SMOOTHED` points is drawn without averaging.
    """
    columns = min(len(panels), COLUMNS)
    lines = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(5.8 * columns, 3.4 * lines), squeeze=False, layout='constrained'
    )
    figure.get_layout_engine().set(h_pad=0.12, w_pad=0.12)  # type: ignore[union-attr, call-arg]
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, panel) in zip(axes.flat, panels.items(), strict=False):
        for number, curve in enumerate(panel.curves):
            shown = [row for row in curve.rows if curve.key in row]
            steps, colour = [row['step'] for row in shown], f'C{number}'
            values = [panel.factor * row[curve.key] for row in shown]
            window = min(len(values) // FEWEST_SMOOTHED * 2 + 1, len(values))
            if window > 1:
                ax.plot(steps, values, color=colour, alpha=0.3, linewidth=1)
                values = list(smoothed(values, window))
            ax.plot(steps, values, color=colour, label=curve.name, marker='o' if len(values) == 1 else None)
        if panel.chance is not None:
            ax.axhline(panel.chance, color='black', linestyle=':', linewidth=1, label=f'chance {panel.chance:.3g}')
        ax.set_title(title)
        ax.set_xlabel('training iteration')
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_ylabel(panel.unit)
        ax.grid(alpha=0.3)
        ax.legend(loc='best', framealpha=0.9, fontsize='small')
    return figure


def draw_progress(rows: dict[int, Row], names: Sequence[str]) -> Figure:
    """Figures in percent over epochs, on a logarithmic axis, as most is learnt early (Table 7).

    Args:
        rows: epoch -> figures.
        names: names of the figures to draw.
    """
    figure, ax = plt.subplots(figsize=(6, 4))
    for name in names:
        ax.plot(list(rows), [row[name] for row in rows.values()], marker='o', label=name)
    ax.set_xscale('log')
    ax.set_xticks(list(rows), [str(epoch) for epoch in rows])
    ax.minorticks_off()
    ax.set_xlabel('epochs of pretraining')
    ax.set_ylabel('accuracy, recall: %')
    ax.grid(alpha=0.3)
    ax.legend()
    figure.tight_layout()
    return figure
