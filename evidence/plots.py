"""The pictures of EVIDENCE.md; every seed is a dot, means are bars or lines."""

from collections.abc import Callable, Sequence
from statistics import fmean

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
from claims import values
from matplotlib.figure import Figure
from rows import FEW_LABEL_STARTS, KINDS, ROWS, SHOTS
from settings import ALPHAS
from store import Result
from tables import curve

_COLOURS = {'context': 'tab:blue', 'motion': 'tab:orange', 'joint': 'tab:green'}
_ALPHAS = {0.0: 'iframes', **ALPHAS, 1.0: 'motion_vectors'}


def draw_recalls(results: Sequence[Result], level: str) -> Figure | None:
    """R@1 of every row of a level, by kind of label."""
    rows = [row for row in ROWS if row.level == level and values(results, row.name, 'R@1 joint')]
    if not rows:
        return None
    figure, ax = plt.subplots(figsize=(1.5 + 0.75 * len(rows), 4.2))
    for offset, (kind, colour) in enumerate(_COLOURS.items()):
        for place, row in enumerate(rows):
            found = list(values(results, row.name, f'R@1 {kind}').values())
            x = place + 0.26 * (offset - 1)
            ax.bar(x, fmean(found), 0.24, color=colour, alpha=0.6, label=kind if place == 0 else None)
            ax.plot([x] * len(found), found, 'k.', markersize=4)
    ax.set_xticks(range(len(rows)), [row.name for row in rows], rotation=40, ha='right')
    return _finished(figure, ax, 'R@1, %')


def draw_alphas(results: Sequence[Result]) -> Figure | None:
    """The trade-off by the weight of the motion task."""
    known = {alpha: row for alpha, row in _ALPHAS.items() if values(results, row, 'R@1 joint')}
    if len(known) < 3:
        return None
    figure, ax = plt.subplots(figsize=(5, 4))
    for kind, colour in _COLOURS.items():
        _line(ax, {alpha: list(values(results, row, f'R@1 {kind}').values()) for alpha, row in known.items()},
              colour, kind)  # fmt: skip
    ax.set_xlabel('alpha: weight of the motion task')
    return _finished(figure, ax, 'R@1, %')


def draw_epochs(results: Sequence[Result]) -> Figure | None:
    """Pretext accuracies and joint R@1 of "both" over its epochs (Table 7)."""
    epochs = sorted(
        {int(name.split()[1]) for found in results if found.row == 'both' for name in found.figures
         if name.startswith('epoch ')}
    )  # fmt: skip
    if not epochs:
        return None
    figure, ax = plt.subplots(figsize=(5, 4))
    lines = {'acc_context': 'context pretext, top-1', 'acc_motion': 'motion pretext, top-1',
             'R@1 joint, validation': 'R@1 joint, validation'}  # fmt: skip
    for (key, title), colour in zip(lines.items(), _COLOURS.values(), strict=True):
        _line(ax, {epoch: list(values(results, 'both', f'epoch {epoch} {key}').values()) for epoch in epochs},
              colour, title)  # fmt: skip
    ax.set_xscale('log')
    ax.set_xticks(epochs, [str(epoch) for epoch in epochs])
    ax.minorticks_off()
    ax.set_xlabel('epochs')
    return _finished(figure, ax, '%', columns=1)


def draw_few_labels(results: Sequence[Result]) -> Figure | None:
    """Finetuning from every start over the labels per class, with a panel for each kind of label."""
    if not any(found.row.startswith('few_') for found in results):
        return None
    figure, axes = plt.subplots(1, 3, figsize=(13, 4))
    for ax, kind in zip(axes, KINDS['basic'], strict=True):
        for start in FEW_LABEL_STARTS:
            points = {shots: list(values(results, f'few_{start}_{kind}_{shots}', 'top1').values()) for shots in SHOTS}
            _line(ax, {shots: found for shots, found in points.items() if found}, None, start)
        ax.set_xscale('log')
        ax.set_xticks(SHOTS, [str(shots) for shots in SHOTS])
        ax.minorticks_off()
        ax.set_xlabel(f'{kind} labels a class')
        _grid(ax, 'top-1, %')
    figure.tight_layout(rect=(0, 0, 1, 0.93))
    figure.legend(*axes[0].get_legend_handles_labels(), loc='upper center', ncols=len(FEW_LABEL_STARTS), frameon=False)
    return figure


def draw_full_size(results: Sequence[Result]) -> Figure | None:
    """Pretext accuracies of the full-size networks over their epochs."""
    runs = [found for found in results if found.row.startswith('full_')]
    if not runs:
        return None
    figure, ax = plt.subplots(figsize=(5, 4))
    for found in runs:
        for key, title, style in (('acc_context', 'context', '.-'), ('acc_motion', 'motion', '.--')):
            if points := curve(found, key):
                label = f'{found.row}, {found.figures["batch"]:.0f} clips a step: {title} pretext'
                ax.plot(list(points), list(points.values()), style, label=label)
    ax.set_xlabel('epochs')
    return _finished(figure, ax, 'top-1, %', columns=1)


PLOTS: dict[str, Callable[[Sequence[Result]], Figure | None]] = {
    'recalls_basic': lambda results: draw_recalls(results, 'basic'),
    'recalls_future': lambda results: draw_recalls(results, 'future'),
    'recalls_hard': lambda results: draw_recalls(results, 'hard'),
    'alphas': draw_alphas,
    'epochs': draw_epochs,
    'few_labels': draw_few_labels,
    'full_size': draw_full_size,
}


def _line(ax: plt.Axes, points: dict, colour: str | None, title: str) -> None:
    """Draw means as a line and every run as a dot."""
    (line,) = ax.plot(list(points), [fmean(found) for found in points.values()], color=colour, label=title)
    for x, found in points.items():
        ax.plot([x] * len(found), found, '.', color=line.get_color(), markersize=5)


def _grid(ax: plt.Axes, unit: str) -> None:
    ax.set_ylabel(unit)
    ax.grid(alpha=0.3)


def _finished(figure: Figure, ax: plt.Axes, unit: str, columns: int = 3) -> Figure:
    _grid(ax, unit)
    ax.legend(loc='lower left', bbox_to_anchor=(0, 1), ncols=columns, frameon=False)  # above: hides no dot
    figure.tight_layout()
    return figure
