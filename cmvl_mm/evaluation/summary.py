"""The figures of a test for a reader: percent, 95 % interval, number of videos, and a description of each.

Files keep the figures of the metrics: recalls in percent, accuracies as shares of 1, as MMAction2's metric and tools
have them. Only this module converts both to percent.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from .intervals import wilson
from .tables import text_table

FEWEST_CLASSES_OF_TOP5 = 6  # with five or fewer classes, every video is among the five
_SAYS = {
    r'R@(\d+)': 'share of test videos with a video of their class among the {} nearest training videos',
    r'top1': 'share of test videos whose highest score is their class',
    r'top5': 'share of test videos whose class is among the five highest scores',
    # MMAction2's mean_class_accuracy includes a class without test videos if a video is classified as it.
    r'mean1': 'mean over the classes of the share of their test videos whose highest score is their class; '
    'a class without test videos counts as 0 if a video is classified as it, and is ignored otherwise',
    r'held_out_lr_(.+)': 'share of the held-out fifth of the training videos classified correctly, trained at rate {}',
}
_ONE_A_VIDEO = re.compile(r'R@\d+|top[15]')  # shares of n test videos, which have an interval


class Figure(NamedTuple):
    """One figure of a test."""

    name: str
    percent: float
    interval: tuple[float, float] | None
    """95 % Wilson interval in percent; None if the number of videos is unknown or the figure is no share of videos."""
    n: int | None
    """Number of test videos."""
    says: str


def figures_of(tested: Mapping[str, Any]) -> list[Figure]:
    """The figures that can be given in percent, in their order.

    `top5` is omitted if `classes` is below 6.

    Args:
        tested: figures as in a test's file: `finetune/top1`, `retrieval_paper/R@1`, …; with their counts, `videos`
            and `classes`, or `retrieval_paper/queries`.
    """
    found = []
    for name, value in tested.items():
        if value is None:  # files of earlier versions have no counts
            continue
        prefix, _, last = name.rpartition('/')
        says = next((_says(text, match) for pattern, text in _SAYS.items() if (match := _match(pattern, last))), None)
        if says is None or (last == 'top5' and tested.get('classes', FEWEST_CLASSES_OF_TOP5) < FEWEST_CLASSES_OF_TOP5):
            continue
        share = value / 100 if last.startswith('R@') else value
        counted = tested.get(f'{prefix}/queries') or tested.get('videos') or 0
        n = int(counted) if _match(_ONE_A_VIDEO.pattern, last) else 0
        interval = None
        if n:
            low, high = wilson(round(share * n), n)
            interval = 100 * low, 100 * high
        found.append(Figure(name, 100 * share, interval, n or None, says))
    return found


def figure_rows(figures: list[Figure]) -> list[list[str]]:
    """A table with its header: name, percent, interval, videos."""
    rows = [['figure', '%', '95 % interval', 'test videos']]
    for figure in figures:
        interval = '' if figure.interval is None else f'{figure.interval[0]:.1f} to {figure.interval[1]:.1f}'
        rows.append([figure.name, f'{figure.percent:.1f}', interval, '' if figure.n is None else str(figure.n)])
    return rows


def summary_lines(tested: Mapping[str, Any]) -> list[str]:
    """Lines of a log: the table of the figures, a sentence for each, and other counts of the test."""
    figures = figures_of(tested)
    lines = [f'\n{text_table(figure_rows(figures))}'] if figures else []
    lines += [f'{figure.name}: {figure.says}' for figure in figures]
    shown = {figure.name for figure in figures}
    others = {name: value for name, value in tested.items() if name not in shown and not name.endswith('top5')}
    lines.append('  '.join(f'{name}: {_plain(value)}' for name, value in others.items()))
    return [line for line in lines if line]


def figures_text(tested: Mapping[str, Any]) -> str:
    """One line, in percent, with the number of test videos: 'retrieval_paper/R@1: 22.7 (18.0 to 28.2)  n = 256'."""
    figures = figures_of(tested)
    parts = []
    for figure in figures:
        ends = '' if figure.interval is None else f' ({figure.interval[0]:.1f} to {figure.interval[1]:.1f})'
        parts.append(f'{figure.name}: {figure.percent:.1f}{ends}')
    counts = sorted({figure.n for figure in figures if figure.n is not None})
    return '  '.join([*parts, *(f'n = {count}' for count in counts)])


def _match(pattern: str, last: str) -> re.Match[str] | None:
    return re.fullmatch(pattern, last)


def _says(text: str, match: re.Match[str]) -> str:
    return text.format(*match.groups())


def _plain(value: Any) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)
