"""Write RIVALS.md from results: ranks, differences, read-outs, plots; RIVAL_FINDINGS.md has text written by hand."""

from collections.abc import Sequence

import rival_tables as tables
from report import PICTURES
from rival_costs import BUDGET, TOLERANCE, load_costs
from rival_plot import draw
from rival_ranks import FEWEST_SEEDS
from rival_rows import LEVELS, METHODS, entries
from rival_settings import TRIALS, chosen
from rows import REPOSITORY, Level
from store import RIVALS, Result, load_published

DOCUMENT = REPOSITORY / 'RIVALS.md'
FINDINGS = REPOSITORY / 'evidence/RIVAL_FINDINGS.md'
INTRODUCTION = f"""# Rivals

Written by `make rivals`; do not edit. Which pretext task teaches what? {len(METHODS)} tasks of other papers are
compared with the tasks on the compressed stream: the same network of 0.9 M parameters, videos, number of clips and
read-outs. The videos are those of the controlled benchmark, in which context and motion are independent and known.
The comparison is of tasks, not of the networks, data and schedules of their papers; [docs/rivals.md](docs/rivals.md)
describes each task.

**Held equal.** {BUDGET:,} clips of 16 frames pass through the network and its copies on levels basic and future,
within {TOLERANCE:.0%} because epochs are whole; level hard has more videos and a quarter more clips. All rows use
AdamW, the last checkpoint, and the same crop, flip and colour jitter, unless the method itself needs others. The
supervised row is the only one that reads labels; it trains as long, with the augmentation of finetuning. In our rows
(bold), I-frames and motion windows pass through networks of their own: they count as operations, not as clips. Some
methods pass clips through a copy or a second network, so that the tested network learns from fewer
([Methods](#methods), "with gradient"). Figures are of the test split.

**How to read the tables.** Figures are percent: the mean over seeds, with the sample's standard deviation. A seed
sets weights, order and samples; the videos stay the same, so the intervals do not cover other videos. Ranks are by
joint R@1. "95 %" gives the ranks that a row may have, by t-intervals of its differences from all other rows (Welch,
95 % each, not corrected for their number); with fewer than {FEWEST_SEEDS} seeds there is no interval. "Mirrored" is
R@1 between motions that differ only in their sense; chance is 50. "CPU s" is the CPU time of one training with its
workers, on the machine of the run. "TFLOP" counts all its steps, forward and backward. Random weights and supervised
training have no rank. "Batch norm measured": after two epochs of steps too small to change a weight, because a network
whose batch norm has the initial statistics shows less than its random weights can.
"""


def write_report() -> None:
    """Write RIVALS.md and its pictures from the published results."""
    results = load_published(RIVALS)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for level in LEVELS:
        figure = draw(entries(level), _tested(results))
        if figure is not None:
            figure.savefig(PICTURES / f'{_picture(level)}.png', dpi=80)
    DOCUMENT.write_text(document(results))
    print(f'written to {DOCUMENT}')


def document(results: Sequence[Result]) -> str:
    """The text of RIVALS.md."""
    tested, costs = _tested(results), load_costs()
    parts = [INTRODUCTION, _tuned(), _origin(tested)]
    if FINDINGS.exists():
        parts.append(FINDINGS.read_text())
    for level in LEVELS:
        parts.append(f'## Level {level}\n')
        lines = entries(level)
        if not any(tables.of(tested, entry, tables.RANKED_BY) for entry in lines):
            parts.append(f'Not run: `make rivals LEVELS={level}`.\n')
            continue
        if level == 'future':
            parts.append('The videos have 44 frames. Methods whose samples need more have no row.\n')
        parts += [
            tables.ranking(level, lines, tested, costs),
            f'![Context against motion, level {level}](evidence/plots/{_picture(level)}.png)\n',
            '### Ours against each\n',
            tables.against_ours(level, lines, tested),
            '### Read-outs\n',
            tables.readouts(level, lines, tested),
        ]
    basic = entries('basic')
    parts += ['## Few labels\n', tables.few_labels(basic, tested)]
    parts += ['## Real video\n', tables.falls(basic, tested)]
    parts += ['## Pretext tasks\n', tables.pretexts(basic, tested)]
    parts += ['## Methods\n', tables.departures(costs), '## Settings\n', tables.settings()]
    return '\n'.join(parts)


def _tested(results: Sequence[Result]) -> list[Result]:
    return [found for found in results if found.split == 'test']


def _tuned() -> str:
    """A sentence on how many methods have had their trials, to show which methods are tuned."""
    done = sum(key in chosen() for key in METHODS)
    who = f'All {len(METHODS)} methods' if done == len(METHODS) else f'{done} of {len(METHODS)} methods'
    others = '' if done == len(METHODS) else '; the others use the settings of their configs'
    full = sum('full' in found for found in chosen().values())
    return (
        f'**Settings.** {who} had {TRIALS} trials on the validation split{others}. The best two trials of {full} '
        'methods ran again at full length. See [Settings](#settings).\n'
    )


def _picture(level: Level) -> str:
    return f'rivals_{level}'


def _origin(results: Sequence[Result]) -> str:
    if not results:
        return 'Not run yet: `make rivals`.\n'
    commits, dates, machines = (sorted({getattr(found, n) for found in results}) for n in ('commit', 'date', 'machine'))
    seeds = sorted({found.seed for found in results})
    return (
        f'**Runs.** {len(results)} runs, seeds {", ".join(map(str, seeds))}, '
        f'{sum(found.minutes for found in results):.0f} minutes of one core each, two at a time; commit '
        f'{", ".join(commits)} ("+": with changed files); {dates[0]} to {dates[-1]}; {", ".join(machines)}. '
        f'`make rivals SEEDS={len(seeds)} LEVELS="basic future hard"` repeats them; '
        '`python evidence/run_rivals.py --report` writes this page again.\n'
    )
