"""The chart of README from the table in benchmarks/RESULTS.md: frames a second of every route to motion vectors.

python benchmarks/chart.py        # writes docs/images/speed.svg; make bench does it, too
"""

import re
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / 'benchmarks/RESULTS.md'
CHART = REPOSITORY / 'docs/images/speed.svg'
_COLOURS = {'ours': '#1f6fb4', 'peer': '#b0b0b0', 'limit': '#e3e3e3'}
_ROW = re.compile(r'\| ([^|]+) \| (ours|peer|limit) \| ([\d.,e+]+) \|')
_SHOWN = ('ours', 'peer', 'decode only')  # of the limits, one is enough


class Bar(NamedTuple):
    """One route."""

    name: str
    kind: str
    frames: float
    """A second."""


def tables_in(results: str) -> dict[str, list[Bar]]:
    """Bars by heading, of the benchmark `extraction`, in the order of the page."""
    part = results.partition('\n## extraction\n')[2].partition('\n## ')[0]
    found: dict[str, list[Bar]] = {}
    for line in part.splitlines():
        if line.startswith('**'):
            bars = found.setdefault(line.strip('*'), [])
        elif row := _ROW.match(line):
            bar = Bar(row[1], row[2], float(row[3].replace(',', '')))
            if bar.kind in _SHOWN or bar.name in _SHOWN:
                bars.append(bar)
    if not any(found.values()):
        raise ValueError(f'{RESULTS}: there is no table of extraction. Remedy: python benchmarks/run_all.py')
    return found


def draw(tables: dict[str, list[Bar]], path: Path) -> None:
    """A panel of horizontal bars for each table; the file holds no date, so that equal figures give equal files."""
    plt.rcParams.update({'svg.hashsalt': 'cmvl_mm', 'svg.fonttype': 'none'})
    figure, axes = plt.subplots(len(tables), 1, figsize=(8, 2.6 * len(tables)), layout='constrained', squeeze=False)
    for ax, (title, bars) in zip(axes[:, 0], tables.items(), strict=True):
        names = [bar.name for bar in bars]
        drawn = ax.barh(names, [bar.frames for bar in bars], color=[_COLOURS[bar.kind] for bar in bars])
        ax.bar_label(drawn, [f'{bar.frames:,.0f}' for bar in bars], padding=3, fontsize='small')
        ax.invert_yaxis()
        ax.margins(x=0.12)
        ax.set_title(title.partition(';')[0], loc='left', fontsize='medium')
        ax.spines[['top', 'right']].set_visible(False)
        ax.set_xlabel('frames per second on one core (blue: this reader; pale: the limit)')
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={'Date': None})
    plt.close(figure)


def main() -> None:
    draw(tables_in(RESULTS.read_text()), CHART)
    print(f'written to {CHART}')


if __name__ == '__main__':
    main()
