"""Write EVIDENCE.md from results: verdicts, tables, plots, cost; evidence/FINDINGS.md has the text written by hand."""

from collections.abc import Sequence
from statistics import fmean

import matplotlib.pyplot as plt
import non_inferiority
import tables
from claims import CLAIMS, Judged, half_interval, judge
from plots import PLOTS
from rows import KINDS, REPOSITORY
from store import Result
from tables import spread

DOCUMENT = REPOSITORY / 'EVIDENCE.md'
PICTURES = REPOSITORY / 'evidence/plots'
FINDINGS = REPOSITORY / 'evidence/FINDINGS.md'
INTRODUCTION = """# Evidence

Written by `make evidence`; do not edit. The claims of Tables 1, 2, 4 to 7 and 9, tried on the controlled benchmark:
videos in which context and motion are independent, known factors (`tools/make_benchmark.py`), networks of 0.9 M
parameters, 30 epochs. It says what the method learns, not what a large network reaches on real video.

Percent; mean, with the sample's standard deviation, over seeds of weights, order and samples. The videos are the same
for every seed. Settings were chosen on the validation split (`evidence/settings.json`); the test split has videos of
its own seeds. Five decisions were made when figures of it had been seen: 600 steps of finetuning for the joint label
instead of 200, to try motion further ahead at all, that fewer than three seeds decide nothing, to choose rates of
finetuning by three draws of labels instead of one, and to claim anything of few labels from alpha 0.9. So claims are
asked once more below, of *fresh videos* that were made after the first two. The choice by three draws came after them;
it took back a gain that this document had claimed (sixteen labels of context) and halved another, and few labels whose
rates it changed were asked again. A verdict compares two rows seed by seed: *holds* where the 95 % t-interval of
the mean difference lies above zero, *does not hold* where it lies below, *undecided* where zero is in it, and with
fewer than three seeds. So many comparisons at 95 % each, none corrected for the others: two or three may be luck.
"""


def write_report(results: Sequence[Result]) -> None:
    """Write EVIDENCE.md and its pictures."""
    tested = [found for found in results if found.split == 'test']
    parts = [
        INTRODUCTION,
        _origin([found for found in results if found.split in ('test', 'fresh')]),
        '## Verdicts\n',
        _verdicts(tested),
    ]
    parts += ['## Fresh videos\n', _fresh(results)]
    parts += ['## Motion maps at the resolution of the vectors\n', non_inferiority.maps_section(tested)]
    parts += ['## Videos of half the size\n', non_inferiority.videos_section(tested)]
    parts += [f'## Level {level}\n\n{tables.recalls(tested, level)}' for level in KINDS]
    parts += ['## Classifiers\n', tables.classifiers(tested), '## Few labels\n', tables.few_labels(tested)]
    parts += ['## Real video\n', tables.real_video(tested)]
    parts += ['## Full size\n', tables.full_size(tested)]
    parts += ['## Settings\n', tables.settings()]
    parts += [f'## Pictures\n\n{_pictures(tested)}']
    if FINDINGS.exists():
        parts.append(FINDINGS.read_text())
    DOCUMENT.write_text('\n'.join(parts))
    print(f'written to {DOCUMENT}')


def _origin(results: Sequence[Result]) -> str:
    commits, dates = (sorted({getattr(found, name) for found in results}) for name in ('commit', 'date'))
    seeds = sorted({found.seed for found in results if found.row not in non_inferiority.ROWS})
    suite = [found for found in results if not found.row.startswith('full_')]
    machines = sorted({found.machine for found in suite})
    return (
        f'{len(suite)} runs, seeds {", ".join(map(str, seeds))}, {sum(found.minutes for found in suite):.0f} '
        f'minutes of one core each, two at a time; commit {", ".join(commits)}; {dates[0]} to {dates[-1]}; '
        f'{", ".join(machines)}. A "+" behind a commit: files of it had been changed. `make evidence '
        f'SEEDS={len(seeds)} FALLS=folder` repeats them (FALLS for the real video, which the repository has not), '
        f'`make evidence SEEDS={len(seeds)} FRESH=1` the fresh videos, `{non_inferiority.COMMAND} '
        f'{" ".join(non_inferiority.ROWS)}` both sizes of motion maps and of videos, evidence/full_size.py what is '
        'full-size; `python evidence/run_suite.py --report` writes this again.\n'
    )


def _verdicts(results: Sequence[Result]) -> str:
    lines = [
        '| table | claim | figure | | | difference | seeds | verdict | repeat |',
        '|---|---|---|---:|---:|---:|---:|---|---|',
    ]
    lines += [_verdict_line(judge(claim, results)) for claim in CLAIMS]
    return '\n'.join([*lines, ''])


def _verdict_line(judged: Judged) -> str:
    claim = judged.claim
    names = [name.partition('@')[0] for name in (claim.better, claim.worse)]
    rows = sorted({name for name in names if not name.startswith('few_')})
    command = f'`--rows {" ".join(rows)}`' if rows else '`make evidence`'
    figure = claim.figure or 'R@1 joint, validation'
    if not judged.seeds:
        return f'| {claim.table} | {claim.sentence} | {figure} | | | | 0 | not run | {command} |'
    sides = ' | '.join(
        f'{name} {spread(numbers)}' for name, numbers in ((claim.better, judged.better), (claim.worse, judged.worse))
    )
    return (
        f'| {claim.table} | {claim.sentence} | {figure} | {sides} | {_difference(judged)} | {len(judged.seeds)} '
        f'| {_emphasised(judged.verdict)} | {command} |'
    )


def _fresh(results: Sequence[Result]) -> str:
    """The claims whose two rows have been tested with fresh videos, with the verdicts of the test split."""
    pairs = [(judge(claim, results), judge(claim, results, 'fresh')) for claim in CLAIMS if '@' not in claim.better]
    judged = [(tested, fresh) for tested, fresh in pairs if fresh.seeds]
    if not judged:
        return 'Not run: `make evidence FRESH=1`.\n'
    lines = [
        'The same networks and settings, other queries in the same gallery: 256 videos of another seed '
        '(`make evidence FRESH=1`). Left the difference on the test split, right on these, by the seeds that have been '
        'asked; claims that are not here have not been.\n',
        '| table | claim | figure | test | verdict | fresh | seeds | verdict |',
        '|---|---|---|---:|---|---:|---:|---|',
    ]
    lines += [
        f'| {fresh.claim.table} | {fresh.claim.sentence} | {fresh.claim.figure} | {_difference(tested)} '
        f'| {_emphasised(tested.verdict)} | {_difference(fresh)} | {len(fresh.seeds)} | {_emphasised(fresh.verdict)} |'
        for tested, fresh in judged
    ]
    return '\n'.join([*lines, ''])


def _difference(judged: Judged) -> str:
    """'+14.3 ± 23.9'; for one seed only the difference; without seeds an empty text."""
    if not judged.seeds:
        return ''
    mean = f'{fmean(judged.differences):+.1f}'
    return mean if len(judged.seeds) == 1 else f'{mean} ± {half_interval(judged.differences):.1f}'


def _emphasised(verdict: str) -> str:
    return f'**{verdict}**' if verdict == 'does not hold' else verdict


def _pictures(results: Sequence[Result]) -> str:
    PICTURES.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, draw in PLOTS.items():
        figure = draw(results)
        if figure is not None:
            figure.savefig(PICTURES / f'{name}.png', dpi=80)
            plt.close(figure)
            lines.append(f'![{name}](evidence/plots/{name}.png)\n')
    return '\n'.join(lines)
