"""EVIDENCE.md from results: verdicts, tables, plots, cost; what a person has to add stands in evidence/FINDINGS.md."""

import json
from collections.abc import Sequence
from statistics import fmean, stdev

import matplotlib.pyplot as plt
from claims import CLAIMS, Judged, half_interval, judge, values
from few_labels import BATCH, STEPS
from plots import PLOTS
from readouts import MIRRORED
from real_video import CLIPS, STARTS, TEST_CLIPS, wilson
from rows import FEW_LABEL_STARTS, KINDS, REPOSITORY, ROWS, SHOTS
from settings import CHOSEN
from store import Result

DOCUMENT = REPOSITORY / 'EVIDENCE.md'
PICTURES = REPOSITORY / 'evidence/plots'
FINDINGS = REPOSITORY / 'evidence/FINDINGS.md'
INTRODUCTION = """# Evidence

Written by `make evidence`; do not edit. Each claim of the paper, tried on the controlled benchmark: videos in which
context and motion are independent, known factors (`tools/make_benchmark.py`), networks of 0.9 M parameters, 1,080
iterations. It says what the method learns, not what a large network reaches on real video.

Percent; mean, with the sample's standard deviation, over seeds of weights, order and samples. The videos are the same
for every seed, so nothing here says how much another set would change. Settings were chosen on the validation split
(`evidence/settings.json`); the test split has videos of its own seeds and was read by the runs below alone. A verdict
compares two rows seed by seed: *holds* where the 95 % t-interval of the mean difference lies above zero, *does not
hold* where it lies below, *undecided* where zero is in it, and with one seed. So many comparisons at 95 % each, none
corrected for the others: one or two may be luck.
"""


_NOTE_ON_RECALLS = """
"mirrored": motions that only differ in their sense, left and right, clockwise and counter-clockwise, each pair by
itself; no single picture tells them apart, while it does tell a part of the other motions. Pretext accuracies are those
of the last epoch's augmented training batches, and compare only between rows with the same targets and number of keys.
"""


def write_report(results: Sequence[Result]) -> None:
    """EVIDENCE.md and its pictures."""
    tested = [found for found in results if found.split == 'test']
    parts = [INTRODUCTION, _origin(tested), '## Verdicts\n', _verdicts(tested)]
    parts += [f'## Level {level}\n\n{_recalls(tested, level)}' for level in KINDS]
    parts += ['## Classifiers\n', _classifiers(tested), '## Few labels\n', _few_labels(tested)]
    parts += ['## Real video\n', _real_video(tested)]
    parts += ['## Full size\n', _full_size(tested)]
    parts += ['## Settings\n', _settings()]
    parts += [f'## Pictures\n\n{_pictures(tested)}']
    if FINDINGS.exists():
        parts.append(FINDINGS.read_text())
    DOCUMENT.write_text('\n'.join(parts))
    print(f'written to {DOCUMENT}')


def _origin(results: Sequence[Result]) -> str:
    commits, dates = (sorted({getattr(found, name) for found in results}) for name in ('commit', 'date'))
    seeds = sorted({found.seed for found in results})
    suite = [found for found in results if not found.row.startswith('full_')]
    machines = sorted({found.machine for found in suite})
    return (
        f'{len(suite)} runs, seeds {", ".join(map(str, seeds))}, {sum(found.minutes for found in suite):.0f} '
        f'minutes of one core each, two at a time; commit {", ".join(commits)}; {dates[0]} to {dates[-1]}; '
        f'{", ".join(machines)}. `make evidence SEEDS={len(seeds)} FALLS=folder` repeats them (FALLS for the real '
        'video, which the repository has not), evidence/full_size.py what is full-size; `python '
        'evidence/run_suite.py --report` writes this again.\n'
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
    difference = f'{fmean(judged.differences):+.1f}'
    if len(judged.seeds) > 1:
        difference += f' ± {half_interval(judged.differences):.1f}'
    sides = ' | '.join(
        f'{name} {spread(numbers)}' for name, numbers in ((claim.better, judged.better), (claim.worse, judged.worse))
    )
    return (
        f'| {claim.table} | {claim.sentence} | {figure} | {sides} | {difference} | {len(judged.seeds)} '
        f'| {_emphasised(judged.verdict)} | {command} |'
    )


def _emphasised(verdict: str) -> str:
    return f'**{verdict}**' if verdict == 'does not hold' else verdict


def spread(numbers: Sequence[float]) -> str:
    """'44.5 (2.1)': mean and deviation; of one run, the figure alone."""
    if not numbers:
        return '–'
    return f'{fmean(numbers):.1f}' + (f' ({stdev(numbers):.1f})' if len(numbers) > 1 else '')


def _recalls(results: Sequence[Result], level: str) -> str:
    figures = [f'{name} {kind}' for name in ('R@1', 'R@5', 'kNN', 'probe') for kind in KINDS[level]]
    figures += [*(['R@1 mirrored'] if MIRRORED[level] else []), 'pretext acc_context', 'pretext acc_motion']
    rows = [row for row in ROWS if row.level == level and not row.classifies]
    return _table([(row.name, row.title) for row in rows], figures, results) + _NOTE_ON_RECALLS


def _classifiers(results: Sequence[Result]) -> str:
    rows = [(row.name, f'{row.title}, joint label, all 576 videos, 30 epochs') for row in ROWS if row.classifies]
    return _table(rows, ['top1'], results)


def _few_labels(results: Sequence[Result]) -> str:
    lines = [
        f'{STEPS["motion"]} steps of {BATCH} videos, {STEPS["joint"]} for the joint label; top-1 by labels a class. '
        'The seed draws the labels as well: with one label a class, eight videos decide, the same for every start.\n'
    ]
    cells = [(kind, shots) for kind in KINDS['basic'] for shots in SHOTS if (kind, shots) != ('joint', 16)]
    lines.append(f'| from | {" | ".join(f"{kind}, {shots}" for kind, shots in cells)} |')
    lines.append(f'|---|{"---:|" * len(cells)}')
    for start in FEW_LABEL_STARTS:
        found = [list(values(results, f'few_{start}_{kind}_{shots}', 'top1').values()) for kind, shots in cells]
        lines.append(f'| {start} | {" | ".join(map(spread, found))} |')
    return '\n'.join([*lines, ''])


def _real_video(results: Sequence[Result]) -> str:
    if not any(found.row.startswith('falls_') for found in results):
        return 'Not run: `python evidence/run_suite.py --falls FOLDER`, see evidence/real_video.py.\n'
    lines = [
        f'Falls and daily activities of four people (GMDCSA24): {CLIPS} clips, each person against the other three; '
        f'finetuned with labels of three people, tested on {TEST_CLIPS} clips of the fourth. Two classes: chance is '
        'about 50 for R@1; who always says "fall" is right in 61 % of all clips, and in 50 % of the fourth person\'s. '
        'The networks are those of level basic and never saw a real frame. In brackets the 95 % interval '
        'of a share of so few clips (Wilson), of the mean over seeds.\n',
        '| from | R@1 | kNN | probe | finetuned, 1 label | 4 labels |',
        '|---|---:|---:|---:|---:|---:|',
    ]
    for start in STARTS:
        tuned = 'scratch' if start == 'random' else start
        cells = [(f'falls_{start}', name, CLIPS) for name in ('R@1', 'kNN', 'probe')]
        cells += [(f'few_{tuned}_fall_{shots}', 'top1', TEST_CLIPS) for shots in (1, 4)]
        lines.append(f'| {start} | {" | ".join(_share(results, *cell) for cell in cells)} |')
    return '\n'.join([*lines, ''])


def _share(results: Sequence[Result], row: str, figure: str, count: int) -> str:
    """'60.9 [41, 78]'."""
    found = list(values(results, row, figure).values())
    if not found:
        return '–'
    low, high = wilson(fmean(found), count)
    return f'{fmean(found):.1f} [{low:.0f}, {high:.0f}]'


def _full_size(results: Sequence[Result]) -> str:
    found = [each for each in results if each.row.startswith('full_')]
    if not found:
        return 'Not run: `python evidence/full_size.py`.\n'
    names = list(dict.fromkeys(name for each in found for name in each.figures))
    lines = [
        '`python evidence/full_size.py`, level hard.\n',
        f'| | {" | ".join(f"{each.row}, {each.machine}" for each in found)} |',
        f'|---|{"---:|" * len(found)}',
    ]
    lines += [f'| {name} | {" | ".join(_number(each.figures.get(name)) for each in found)} |' for name in names]
    return '\n'.join([*lines, ''])


def _number(value: float | None) -> str:
    return '–' if value is None else f'{value:.4g}'


def _table(rows: Sequence[tuple[str, str]], figures: Sequence[str], results: Sequence[Result]) -> str:
    lines = [f'| row | | seeds | {" | ".join(figures)} |', f'|---|---|---:|{"---:|" * len(figures)}']
    for name, title in rows:
        found = [list(values(results, name, figure).values()) for figure in figures]
        lines.append(f'| {name} | {title} | {max(map(len, found))} | {" | ".join(map(spread, found))} |')
    return '\n'.join([*lines, ''])


def _settings() -> str:
    if not CHOSEN.exists():
        return 'Nothing has been tuned yet: `python evidence/run_suite.py --tune`.\n'
    chosen = json.loads(CHOSEN.read_text())
    lines = ['Chosen on the validation split with seed 100 (`python evidence/run_suite.py --tune`).\n']
    lines.append('Learning rate of finetuning, by top-1 at four labels a class:\n')
    lines.append(f'| from | {" | ".join(KINDS["basic"])} |\n|---|---:|---:|---:|')
    lines += [
        f'| {start} | {" | ".join(f"{rates[kind]:g}" for kind in KINDS["basic"])} |'
        for start, rates in chosen['learning_rates'].items()
    ]
    lines.append('\nWeight of the motion loss, by joint R@1, four tries for each target:\n')
    lines.append('| target | weight: R@1 |\n|---|---|')
    lines += [
        f'| {target} | {", ".join(f"{weight}: {recall:.1f}" for weight, recall in tries.items())} |'
        for target, tries in chosen['target_weights'].items()
    ]
    lines.append('\nFrames between the clip and the motion to predict, alpha 0.9, by joint R@1:\n')
    lines.append('| gap: R@1 |\n|---|')
    lines.append(f'| {", ".join(f"{gap}: {recall:.1f}" for gap, recall in chosen["gaps"].items())} |')
    lines.append('\nOurs, and the rows of the paper that they change, by joint R@1:\n')
    lines.append('| row | R@1 |\n|---|---:|')
    lines += [f'| {name} | {recall:.1f} |' for name, recall in chosen['candidates'].items()]
    return '\n'.join([*lines, ''])


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
