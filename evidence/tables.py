"""Tables of EVIDENCE.md: one for each level, classifiers, few labels, real video, the full-size trial, settings."""

import json
from collections.abc import Sequence
from statistics import fmean, stdev

from claims import values
from few_labels import BATCH, STEPS
from readouts import MIRRORED
from real_video import CLIPS, STARTS, TEST_CLIPS, wilson
from rows import FEW_LABEL_STARTS, KINDS, ROWS, SHOTS
from settings import CHOSEN, RATE_SEEDS
from store import Result

AT_EPOCH = ', epoch '
"""Between a curve's name and an epoch, in the names of figures of the full-size trial."""
_NOTE_ON_RECALLS = """
"mirrored": motions that only differ in their sense, left and right, clockwise and counter-clockwise, each pair by
itself, both pairs in one figure; no single picture tells them apart, while it does tell a part of the other motions.
Pretext accuracies are those of the last epoch's augmented training batches, and compare only between rows with the same
targets and number of keys. In runs from before 1 December 2026 they are the mean of one batch in 20, not of all: for
context, of two or three batches.
"""


def spread(numbers: Sequence[float]) -> str:
    """'44.5 (2.1)': mean and standard deviation; for one run the figure alone."""
    if not numbers:
        return '–'
    return f'{fmean(numbers):.1f}' + (f' ({stdev(numbers):.1f})' if len(numbers) > 1 else '')


def recalls(results: Sequence[Result], level: str) -> str:
    figures = [f'{name} {kind}' for name in ('R@1', 'R@5', 'kNN', 'probe') for kind in KINDS[level]]
    figures += [*(['R@1 mirrored'] if MIRRORED[level] else []), 'pretext acc_context', 'pretext acc_motion']
    rows = [row for row in ROWS if row.level == level and not row.classifies]
    return _table([(row.name, row.title) for row in rows], figures, results) + _NOTE_ON_RECALLS


def classifiers(results: Sequence[Result]) -> str:
    rows = [(row.name, f'{row.title}, joint label, all 576 videos, 30 epochs') for row in ROWS if row.classifies]
    return _table(rows, ['top1'], results)


def few_labels(results: Sequence[Result]) -> str:
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


def real_video(results: Sequence[Result]) -> str:
    if not any(found.row.startswith('falls_') for found in results):
        return 'Not run: `python evidence/run_suite.py --falls FOLDER`, see evidence/real_video.py.\n'
    lines = [
        f'Falls and daily activities of four people (GMDCSA24): {CLIPS} clips, each person against the other three; '
        f'finetuned with labels of three people, tested on {TEST_CLIPS} clips of the fourth. Two classes: chance is '
        'about 50 for R@1; who always says "fall" is right in 61 % of all clips, and in 50 % of the fourth person\'s. '
        'The networks are those of level basic and never saw a real frame. In brackets the 95 % interval '
        f'of a share of so few clips (Wilson), of the mean over seeds {_seeds_of(results, "falls_")}.\n',
        '| from | R@1 | kNN | probe | finetuned, 1 label | 4 labels |',
        '|---|---:|---:|---:|---:|---:|',
    ]
    for start in STARTS:
        tuned = 'scratch' if start == 'random' else start
        cells = [(f'falls_{start}', name, CLIPS) for name in ('R@1', 'kNN', 'probe')]
        cells += [(f'few_{tuned}_fall_{shots}', 'top1', TEST_CLIPS) for shots in (1, 4)]
        lines.append(f'| {start} | {" | ".join(share(results, *cell) for cell in cells)} |')
    return '\n'.join([*lines, ''])


def _seeds_of(results: Sequence[Result], prefix: str) -> str:
    return ', '.join(map(str, sorted({found.seed for found in results if found.row.startswith(prefix)})))


def share(results: Sequence[Result], row: str, figure: str, count: int) -> str:
    """'60.9 [41, 78]'."""
    found = list(values(results, row, figure).values())
    if not found:
        return '–'
    low, high = wilson(fmean(found), count)
    return f'{fmean(found):.1f} [{low:.0f}, {high:.0f}]'


def curve(found: Result, key: str) -> dict[int, float]:
    """Epoch -> figure, for the epochs that a run of the full-size trial has recorded."""
    start = f'{key}{AT_EPOCH}'
    return {int(name.removeprefix(start)): value for name, value in found.figures.items() if name.startswith(start)}


def full_size(results: Sequence[Result]) -> str:
    found = [each for each in results if each.row.startswith('full_')]
    if not found:
        return 'Not run: `python evidence/full_size.py`.\n'
    names = list(dict.fromkeys(name for each in found for name in each.figures))
    keys = dict.fromkeys(name.split(AT_EPOCH)[0] for name in names if AT_EPOCH in name)
    titles = [f'{each.row}: {key}' for each in found for key in keys]
    curves = [curve(each, key) for each in found for key in keys]
    lines = [
        '`python evidence/full_size.py` with the epochs, batch, share of the videos and clips that stand below, level '
        'hard.\n',
        f'| epoch | {" | ".join(titles)} |',
        f'|---:|{"---:|" * len(curves)}',
    ]
    for epoch in sorted({epoch for points in curves for epoch in points}):
        lines.append(f'| {epoch} | {" | ".join(_number(points.get(epoch)) for points in curves)} |')
    lines += [
        '',
        f'| | {" | ".join(f"{each.row}, {each.machine}" for each in found)} |',
        f'|---|{"---:|" * len(found)}',
    ]
    for name in names:
        if AT_EPOCH not in name:
            lines.append(f'| {name} | {" | ".join(_number(each.figures.get(name)) for each in found)} |')
    return '\n'.join([*lines, ''])


def _number(value: float | None) -> str:
    return '–' if value is None else f'{value:.4g}'


def _table(rows: Sequence[tuple[str, str]], figures: Sequence[str], results: Sequence[Result]) -> str:
    lines = [f'| row | | seeds | {" | ".join(figures)} |', f'|---|---|---:|{"---:|" * len(figures)}']
    for name, title in rows:
        found = [list(values(results, name, figure).values()) for figure in figures]
        lines.append(f'| {name} | {title} | {max(map(len, found))} | {" | ".join(map(spread, found))} |')
    return '\n'.join([*lines, ''])


def _rates(chosen: dict[str, dict[str, float]], tried: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    names = sorted({rate for kinds in tried.values() for top1 in kinds.values() for rate in top1}, key=float)
    lines = [
        'Learning rate of finetuning, by top-1 at four labels a class, mean of three draws of labels and order (seeds '
        f'{", ".join(map(str, RATE_SEEDS))}) from the same weights:\n',
        f'| from | label | {" | ".join(names)} |\n|---|---|{"---:|" * len(names)}',
    ]
    for start, kinds in tried.items():
        for kind, top1 in kinds.items():
            shown = {rate: f'{top1[rate]:.1f}' for rate in top1}
            best = f'{chosen[start][kind]:g}'
            cells = [f'**{shown[rate]}**' if rate == best else shown.get(rate, '–') for rate in names]
            lines.append(f'| {start} | {kind} | {" | ".join(cells)} |')
    return lines


def settings() -> str:
    if not CHOSEN.exists():
        return 'Nothing has been tuned yet: `python evidence/run_suite.py --tune`.\n'
    chosen = json.loads(CHOSEN.read_text())
    lines = ['Chosen on the validation split with seed 100 (`python evidence/run_suite.py --tune`).\n']
    lines += _rates(chosen['learning_rates'], chosen['top1_of_rates'])
    lines.append('\nWeight of the motion loss, by joint R@1, four tries for each target:\n')
    lines.append('| target | weight: R@1 |\n|---|---|')
    lines += [
        f'| {target} | {", ".join(f"{weight}: {recall:.1f}" for weight, recall in tries.items())} |'
        for target, tries in chosen['target_weights'].items()
    ]
    lines.append('\nFrames between the clip and the motion to predict, alpha 0.9, by joint R@1:\n')
    lines.append('| gap: R@1 |\n|---|')
    lines.append(f'| {", ".join(f"{gap}: {recall:.1f}" for gap, recall in chosen["gaps"].items())} |')
    lines.append('\nOurs, and the rows that they change, by joint R@1:\n')
    lines.append('| row | R@1 |\n|---|---:|')
    lines += [f'| {name} | {recall:.1f} |' for name, recall in chosen['candidates'].items()]
    return '\n'.join([*lines, ''])
