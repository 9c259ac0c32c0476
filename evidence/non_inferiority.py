"""Do faster settings lose anything? Paired comparisons with a margin.

Two settings are tested: motion maps at the vectors' own resolution, as in configs/fast, and videos prepared at half
their size, as with the profile `small`.

The suite's 12 px maps for 48 px clips have the proportion of configs/fast (28 px for 112 px clips); the other arm has
the paper's proportion: maps as large as the clip, pooled after the stem. All have alpha 0.9: at 0.5 motion is near
chance on level hard, where nothing could be lost. Seed, videos, order and crops are the same in both arms, and so is
the code: since alpha_09 was trained, a formula recolours clips, and a repeated seed of the older code ("both", 0) gave
other figures after five epochs. So the networks of alpha_09 are trained again as vector_maps.

Maps of 24 px are between the two sizes: at 12 px the large maps were ahead in all six means of level basic. They were
added when those five pairs were known, before any of their own runs; the runs of the other arm are the same.

Videos: small_videos.py halves the videos of level basic; both arms have motion further ahead, where seeds differ less.
The halved videos are encoded once more, as prepared videos are, and each arm embeds its own videos.

For both settings the margin of 3 points, the figures, 5 seeds and the rules of the verdict were stated before any run.
Motion further ahead was added when one pair of the first setting was known, before any of its own runs: joint R@1 of
alpha_09 has a standard deviation of 9.4 points between seeds, so that five pairs give an interval of 16 points to
either side; that of far_future_09 has 2.6, which gives 5.

* not worse: the whole 95 % t-interval of the mean difference, the faster minus the other, lies above -3 points;
* worse: the interval lies below -3 points;
* too wide to say: the interval contains -3;
* too few seeds: fewer than 5 pairs.

Intervals are not corrected for the number of figures: of thirty at 95 %, one or two may err by chance.
"""

from collections.abc import Sequence
from statistics import fmean
from typing import Literal, NamedTuple

from claims import half_interval, values
from store import Result

MARGIN = 3.0
"""Margin: number of points that may be lost."""
SEEDS = 5
"""Number of pairs that a verdict needs."""
ARMS = {
    'basic': ('vector_maps', 'paper_maps'),
    'basic, maps of 24 px': ('middle_maps', 'paper_maps'),
    'basic, motion further ahead': ('far_vector_maps', 'far_paper_maps'),
    'hard': ('hard_vector_maps', 'hard_paper_maps'),
}
"""Setting -> rows with the smaller maps and with the paper's proportion."""
VIDEO_ARMS = {'basic, motion further ahead': ('small_videos', 'far_vector_maps')}
"""Setting -> rows with videos of half the size and of full size."""
ROWS = tuple(dict.fromkeys(row for arms in (*ARMS.values(), *VIDEO_ARMS.values()) for row in arms))
FIGURES = tuple(f'{name} {kind}' for name in ('R@1', 'probe') for kind in ('joint', 'context', 'motion'))
COMMAND = 'python evidence/run_suite.py --seeds 5 --no-few-labels --rows'

Verdict = Literal['not worse', 'worse', 'too wide to say', 'too few seeds']


class Difference(NamedTuple):
    """One figure of one setting, for the seeds that both arms have."""

    seeds: tuple[int, ...]
    faster: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def differences(self) -> list[float]:
        """The faster arm minus the other, by seed, in points."""
        return [a - b for a, b in zip(self.faster, self.other, strict=True)]

    @property
    def interval(self) -> tuple[float, float]:
        """95 % t-interval of the mean difference; needs two seeds."""
        mean, half = fmean(self.differences), half_interval(self.differences)
        return mean - half, mean + half

    @property
    def verdict(self) -> Verdict:
        if len(self.seeds) < SEEDS:
            return 'too few seeds'
        low, high = self.interval
        if low > -MARGIN:
            return 'not worse'
        return 'worse' if high < -MARGIN else 'too wide to say'


def compare(results: Sequence[Result], arms: tuple[str, str], figure: str) -> Difference:
    """Compare two rows, the faster first, on the test splits of their levels."""
    faster, other = (values(results, row, figure) for row in arms)
    seeds = tuple(sorted(faster.keys() & other.keys()))
    return Difference(seeds, tuple(faster[seed] for seed in seeds), tuple(other[seed] for seed in seeds))


RULES = (
    f'Percent points by seed, 95 % t-interval of the mean. Stated before the runs: a margin of {MARGIN:g} points and '
    f'{SEEDS} seeds. *Not worse*: the interval lies above -{MARGIN:g}; *worse*: below; *too wide to say*: -{MARGIN:g} '
    'is in it.'
)


def maps_section(results: Sequence[Result]) -> str:
    """The section of EVIDENCE.md on the size of motion maps."""
    words = (
        'Motion maps of 12 px for clips of 48 px, the proportion of configs/fast, minus maps as large as the clip, the '
        f"paper's. {RULES} Motion further ahead was added when one pair of basic was known, maps of 24 px when all "
        "five were. That the sizes are equivalent is our claim, not the paper's.\n"
    )
    return _section(results, ARMS, words, ('smaller', 'paper'))


def videos_section(results: Sequence[Result]) -> str:
    """The section of EVIDENCE.md on the size of videos."""
    words = (
        'Videos of half the size minus videos of their own size, the same clips of 48 px cut from both: what the '
        f'profile `small` does to 340x256. {RULES}\n'
    )
    return _section(results, VIDEO_ARMS, words, ('half', 'own'))


def _section(results: Sequence[Result], arms: dict[str, tuple[str, str]], words: str, names: tuple[str, str]) -> str:
    lines = [
        words,
        f'| setting | figure | {names[0]} | {names[1]} | difference by seed | mean, interval | seeds | verdict |',
        '|---|---|---:|---:|---|---:|---:|---|',
    ]
    missing = []
    for setting, rows in arms.items():
        lines += [_line(setting, figure, compare(results, rows, figure)) for figure in FIGURES]
        if len(compare(results, rows, FIGURES[0]).seeds) < SEEDS:
            missing.append(f'`{COMMAND} {" ".join(rows)}`')
    lines += [f'\nNot complete: {", ".join(missing)} runs what is missing.'] if missing else []
    return '\n'.join([*lines, ''])


def _line(setting: str, figure: str, found: Difference) -> str:
    if not found.seeds:
        return f'| {setting} | {figure} | | | | | 0 | not run |'
    faster, other = (f'{fmean(numbers):.1f}' for numbers in (found.faster, found.other))
    by_seed = ', '.join(f'{difference:+.1f}' for difference in found.differences)
    mean = f'{fmean(found.differences):+.1f}'
    if len(found.seeds) > 1:
        low, high = found.interval
        mean += f' ({low:+.1f} to {high:+.1f})'
    verdict = f'**{found.verdict}**' if found.verdict == 'worse' else found.verdict
    return f'| {setting} | {figure} | {faster} | {other} | {by_seed} | {mean} | {len(found.seeds)} | {verdict} |'
