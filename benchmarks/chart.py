"""Draw the chart of README from benchmarks/RESULTS.md: reading motion vectors, and a pretraining step.

python benchmarks/chart.py        # writes docs/images/speed.png, as make bench does
"""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from results_page import REPOSITORY, RESULTS, Rate, tables_of

CHART = REPOSITORY / 'docs/images/speed.png'
_COLOURS = {'ours': '#1f6fb4', 'peer': '#b0b0b0', 'limit': '#e3e3e3'}
_SHOWN = ('ours', 'peer', 'decode only')  # one limit is enough


def panels(results: str) -> dict[str, tuple[str, list[Rate]]]:
    """Unit and bars by panel title: frames read per second by kind of video, clips trained per second by network."""
    found = {
        title.partition(';')[0]: ('frames per second', [rate for rate in rates if {rate.name, rate.kind} & {*_SHOWN}])
        for title, rates in tables_of(results, 'extraction').items()
    }
    return found | {
        f'Pretraining step, {title}': ('clips per second', rates)
        for title, rates in tables_of(results, 'fast_recipe').items()
        if title.startswith('r3d26')
    }


def draw(results: str, path: Path) -> None:
    """Draw a panel of horizontal bars for each table, as a PNG file that names the figures it shows."""
    found = panels(results)
    heights = [len(rates) + 2 for _, rates in found.values()]
    figure, axes = plt.subplots(
        len(found), 1, figsize=(8, 0.24 * sum(heights)), layout='constrained', squeeze=False, height_ratios=heights
    )
    for ax, (title, (unit, rates)) in zip(axes[:, 0], found.items(), strict=True):
        _bars(ax, rates)
        ax.set_title(title, loc='left', fontsize='medium')
        ax.set_xlabel(f'{unit} on one core (blue: ours; pale: decoding alone)')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={'Description': repr(found)})
    plt.close(figure)


def _bars(ax: Axes, rates: list[Rate]) -> None:
    drawn = ax.barh(
        [rate.name for rate in rates],
        [rate.per_second for rate in rates],
        color=[_COLOURS[rate.kind] for rate in rates],
    )
    ax.bar_label(drawn, [f'{float(f"{rate.per_second:.3g}"):,g}' for rate in rates], padding=3, fontsize='small')
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.spines[['top', 'right']].set_visible(False)


def main() -> None:
    draw(RESULTS.read_text(), CHART)
    print(f'written to {CHART}')


if __name__ == '__main__':
    main()
