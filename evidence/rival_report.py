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

Written by `make rivals`; do not edit. What are pretext tasks worth on one network, with the same videos, budget and
read-outs? {len(METHODS)} tasks of other papers beside those of the compressed stream, on the controlled benchmark:
videos in which context and motion are independent, known factors, and a network of 0.9 M parameters. It compares tasks,
not the networks, data and schedules of their papers; [docs/rivals.md](docs/rivals.md) says what each is.

Held equal: {BUDGET:,} clips of 16 frames through the network and its copies on levels basic and future, within
{TOLERANCE:.0%} (whole epochs), a quarter more on level hard, which has more videos; AdamW, the last checkpoint, crop,
flip and colours but for what is the method. The supervised row alone reads labels; it trains as long, with the
augmentation of finetuning. I-frames and motion windows of ours pass networks of their own, which are in the operations
and not in the clips. Figures are of the test split.

Percent; mean, with the sample's standard deviation, over seeds of weights, order and samples; the videos are the same
for every seed, so intervals speak of other seeds and not of other videos. Ranks are by joint R@1. "95 %": the places
that a row may have, by t-intervals of the differences from all others (Welch, 95 % each, none corrected for the
others); fewer than {FEWEST_SEEDS} seeds decide nothing. "Mirrored": motions that only differ in their sense; chance is
50. CPU s: of one training with its workers; TFLOP: of all its steps, forward and backward. Random weights and
supervised training are the outer rows and have no rank.
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
            parts.append('Its videos have 44 frames: methods whose samples need more have no row.\n')
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
    who = f'all {len(METHODS)} methods' if done == len(METHODS) else f'**{done} of {len(METHODS)}** methods'
    others = '' if done == len(METHODS) else '; the others run with the settings of their configs'
    return f'Settings: {who} had {TRIALS} trials on the validation split{others}. See the end.\n'


def _picture(level: Level) -> str:
    return f'rivals_{level}'


def _origin(results: Sequence[Result]) -> str:
    if not results:
        return 'Not run yet: `make rivals`.\n'
    commits, dates, machines = (sorted({getattr(found, n) for found in results}) for n in ('commit', 'date', 'machine'))
    seeds = sorted({found.seed for found in results})
    return (
        f'{len(results)} runs, seeds {", ".join(map(str, seeds))}, {sum(found.minutes for found in results):.0f} '
        f'minutes of one core each, two at a time; commit {", ".join(commits)}; {dates[0]} to {dates[-1]}; '
        f'{", ".join(machines)}. A "+" behind a commit: files of it had been changed. `make rivals SEEDS={len(seeds)} '
        'LEVELS="basic future hard"` repeats them, `python evidence/run_rivals.py --report` writes this again.\n'
    )
