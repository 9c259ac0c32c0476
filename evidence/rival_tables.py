"""Tables of RIVALS.md: ranks and cost, differences from ours, read-outs, few labels, pretext tasks, settings."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from claims import values
from few_labels import BATCH, STEPS
from jobs import CPU_SECONDS
from readouts import MIRRORED
from real_video import CLIPS, read_out_name
from rival_costs import Cost
from rival_ranks import Difference, difference, ranks
from rival_rows import BEST_OF_OURS, FIT_FUTURE, METHODS, OURS, TUNED_LIKE_RIVALS, Entry, departure
from rival_settings import FINALISTS, TRIALS, chosen
from rows import KINDS, SHOTS, Level
from settings import TUNING_SEED
from store import Result
from tables import share, spread

RANKED_BY = 'R@1 joint'
MAIN = ('R@1 joint', 'R@1 context', 'R@1 motion')
TOO_FEW = 'too few seeds'


def of(results: Sequence[Result], entry: Entry, figure: str) -> list[float]:
    """A figure of a row for each seed."""
    return list(values(results, entry.row.name, figure).values())


def ranking(level: Level, lines: Sequence[Entry], results: Sequence[Result], costs: dict[str, Cost]) -> str:
    """Rows by joint R@1, best first; outer rows without a rank; rows without runs at the end."""
    places = ranks({entry.key: of(results, entry, RANKED_BY) for entry in lines if entry.kind != 'outer'})
    mirrored = ['R@1 mirrored'] if MIRRORED[level] else []
    figures = [*MAIN, *mirrored]
    shown = [
        f'| rank | 95 % | row | seeds | {" | ".join(figures)} | clips | CPU s | GFLOP a clip | TFLOP |',
        f'|---:|---:|---|---:|{"---:|" * len(figures)}---:|---:|---:|---:|',
    ]
    run = [entry for entry in lines if of(results, entry, RANKED_BY)]
    for entry in sorted(run, key=lambda entry: -fmean(of(results, entry, RANKED_BY))):
        found = [of(results, entry, figure) for figure in figures]
        place, interval = '', ''
        if entry.key in places:
            place, bounds = str(places[entry.key].place), places[entry.key].interval
            interval = TOO_FEW if bounds is None else f'{bounds[0]}–{bounds[1]}'
        shown.append(
            f'| {place} | {interval} | {_titled(entry)} | {len(found[0])} | {" | ".join(map(spread, found))} '
            f'| {_cost(entry, level, results, costs)} |'
        )
    empty = ' |' * (len(figures) + 4)
    shown += [f'| | | {_titled(entry)} | not run |{empty}' for entry in lines if entry not in run]
    return '\n'.join([*shown, ''])


def _titled(entry: Entry) -> str:
    return f'*{entry.name}*' if entry.kind == 'outer' else f'**{entry.name}**' if entry.kind == 'ours' else entry.name


def _cost(entry: Entry, level: Level, results: Sequence[Result], costs: dict[str, Cost]) -> str:
    """Four cells with the cost. Levels basic and future have the same counts; level hard has more videos."""
    seconds = of(results, entry, CPU_SECONDS)
    cells = [f'{fmean(seconds):.0f}' if seconds else '–']
    if entry.key not in costs:
        return ' | '.join(['0' if entry.row.train is None else '–', *cells, '–', '–'])
    cost, more = costs[entry.key], 1.25 if level == 'hard' else 1.0
    return ' | '.join([f'{cost.passes * more:,.0f}', *cells, f'{cost.gflop_a_clip:.2f}', f'{cost.tflop * more:.1f}'])


def against_ours(level: Level, lines: Sequence[Entry], results: Sequence[Result]) -> str:
    """Differences: ours minus each row."""
    ours = next(entry for entry in lines if entry.key == BEST_OF_OURS[level])
    shown = [
        f'"{ours.name}" minus each row, in percentage points, with half of the 95 % interval (Welch). This row was '
        'chosen among ours on the validation splits.\n',
        f'| row | seeds | {" | ".join(MAIN)} |',
        f'|---|---:|{"---:|" * len(MAIN)}',
    ]
    undecided = []
    for entry in lines:
        if entry is ours or not of(results, entry, RANKED_BY):
            continue
        found = [difference(of(results, ours, figure), of(results, entry, figure)) for figure in MAIN]
        if None in found:
            undecided.append(entry.name)
            continue
        cells = [_decided(each) for each in found if each is not None]
        count = f'{len(of(results, ours, RANKED_BY))}, {len(of(results, entry, RANKED_BY))}'
        shown.append(f'| {entry.name} | {count} | {" | ".join(cells)} |')
    if len(shown) == 3:
        return f'Nothing to compare yet: {TOO_FEW}.\n'
    return '\n'.join([*shown, *([f'\nToo few seeds yet: {", ".join(undecided)}.'] if undecided else []), ''])


def _decided(found: Difference) -> str:
    """A cell, in bold where the interval leaves 0 out."""
    text = f'{found.mean:+.1f} ± {found.half:.1f}'
    return f'**{text}**' if found.better or found.worse else text


def readouts(level: Level, lines: Sequence[Entry], results: Sequence[Result]) -> str:
    """Every figure of the suite, by row."""
    figures = [f'{name} {kind}' for name in ('R@1', 'R@5', 'kNN', 'probe') for kind in KINDS[level]]
    figures += ['R@1 mirrored'] if MIRRORED[level] else []
    shown = [f'| row | seeds | {" | ".join(figures)} |', f'|---|---:|{"---:|" * len(figures)}']
    for entry in lines:
        found = [of(results, entry, figure) for figure in figures]
        if any(found):
            shown.append(f'| {entry.name} | {max(map(len, found))} | {" | ".join(map(spread, found))} |')
        else:
            shown.append(f'| {entry.name} | not run |{" |" * len(figures)}')
    return '\n'.join([*shown, ''])


def pretexts(lines: Sequence[Entry], results: Sequence[Result]) -> str:
    """Accuracy of each task over the last epoch; chance levels differ, so rows cannot be compared."""
    shown = [
        'The mean over the batches of the last epoch; in runs from before 1 December 2026, over one batch in 20.\n',
        '| row | top-1 of the pretext task |',
        '|---|---|',
    ]
    for entry in lines:
        names = sorted(
            {
                name
                for found in results
                if found.row == entry.row.name
                for name in found.figures
                if name.startswith('pretext acc_')
            }
        )
        if names:
            cells = [f'{name.removeprefix("pretext acc_")} {spread(of(results, entry, name))}' for name in names]
            shown.append(f'| {entry.name} | {", ".join(cells)} |')
    return '\n'.join([*shown, ''])


def few_labels(lines: Sequence[Entry], results: Sequence[Result]) -> str:
    """Finetuning with few labels from every row that was tested."""
    cells = [(kind, shots) for kind in KINDS['basic'] for shots in SHOTS if (kind, shots) != ('joint', 16)]
    shown = [
        f'Top-1 by labels per class, after {STEPS["motion"]} steps of {BATCH} videos, {STEPS["joint"]} for the joint '
        'label. All rows have the learning rates tuned for "both": if this favours a row, it is ours.\n',
        f'| from | {" | ".join(f"{kind}, {shots}" for kind, shots in cells)} |',
        f'|---|{"---:|" * len(cells)}',
    ]
    for entry in lines:
        found = [
            list(values(results, f'few_{entry.row.name}_{kind}_{shots}', 'top1').values()) for kind, shots in cells
        ]
        if any(found):
            shown.append(f'| {entry.name} | {" | ".join(map(spread, found))} |')
    return '\n'.join([*shown, '']) if len(shown) > 3 else 'Not run: `python evidence/run_rivals.py --few-labels`.\n'


def falls(lines: Sequence[Entry], results: Sequence[Result]) -> str:
    """Read-outs on real video, with intervals for the few clips."""
    shown = [
        f'Falls and daily activities of four people (GMDCSA24): {CLIPS} clips, each person against the other three. '
        'There are two classes: chance is about 50 for R@1, and always answering "fall" is right in 61 %. The networks '
        'are those of level basic and never saw a real frame. Brackets hold the 95 % Wilson interval of the mean over '
        'seeds, which is wide for so few clips.\n',
        '| from | seeds | R@1 | kNN | probe |',
        '|---|---:|---:|---:|---:|',
    ]
    for entry in lines:
        row = read_out_name(entry.row)
        seeds = len(values(results, row, 'R@1'))
        if seeds:
            cells = [share(results, row, name, CLIPS) for name in ('R@1', 'kNN', 'probe')]
            shown.append(f'| {entry.name} | {seeds} | {" | ".join(cells)} |')
    return '\n'.join([*shown, '']) if len(shown) > 3 else 'Not run: `make rivals FALLS=folder`.\n'


def departures(costs: dict[str, Cost]) -> str:
    """Special settings of each method, and differences from its publication."""
    shown = [
        '| method | clips a video | with gradient | epochs | videos a step | clips in all | fits level future '
        '| own, and departures |',
        '|---|---:|---:|---:|---:|---:|---|---|',
    ]
    for key, name in METHODS.items():
        cost = costs.get(key)
        counts = '– | – | – | – | –'
        if cost:
            counts = f'{cost.clips:g} | {cost.learnt:g} | {cost.epochs} | {cost.batch} | {cost.passes:,.0f}'
        shown.append(f'| {name} | {counts} | {"yes" if key in FIT_FUTURE else "no"} | {departure(key)} |')
    return '\n'.join([*shown, ''])


def settings() -> str:
    """Settings tried and chosen for each method."""
    found = chosen()
    shown = [
        f'Each method had {TRIALS} trials of its learning rate and, if its loss has one, its temperature '
        f'(evidence/rival_settings.py). A trial is one training with seed {TUNING_SEED}, half as long as a row and in '
        f'bf16. The best {FINALISTS} trials run again at full length, and the better one is chosen; this was added '
        'after half-length trials near 10 % had been seen to choose by chance. Our row '
        f'"{OURS[TUNED_LIKE_RIVALS][0]}" had as many trials, of full length, of the weight of the motion '
        'task and the gap before the motion (EVIDENCE.md, "Settings"). Learning rate and temperature of our rows were '
        f'never tuned. Our row "{OURS["clip_motion"][0]}" came after some 15 more trainings on the validation split '
        'of ideas and their weights (EVIDENCE.md, "A whole clip finds its motion" and "Tried and dropped"), and '
        f'"{OURS["steady_clip_motion"][0]}" after one more, on level hard. No rival had those.\n',
        '| method | chosen | joint R@1 on the validation split, by trial | at full length |',
        '|---|---|---|---|',
    ]
    for key, name in METHODS.items():
        if key in found:
            tries, full = _trials(found[key]['tries']), _trials(found[key].get('full', {}))
            shown.append(f'| {name} | {found[key]["best"]} | {tries} | {full} |')
        else:
            shown.append(f'| {name} | not tuned: the values of its config | | |')
    return '\n'.join([*shown, ''])


def _trials(recalls: Mapping[str, float | None]) -> str:
    """'lr 0.003: 26.6; lr 0.01: diverged'."""
    cells = [f'{trial}: diverged' if recall is None else f'{trial}: {recall:.1f}' for trial, recall in recalls.items()]
    return '; '.join(cells) or 'not run'
