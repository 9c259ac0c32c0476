"""A verdict is where the interval of the paired differences lies about the margin, and needs five pairs."""

import re
from pathlib import Path

import pytest
from non_inferiority import ARMS, MARGIN, VIDEO_ARMS, compare, maps_section, videos_section
from rows import BY_NAME, CONFIGS, options_of_training
from run import config_with
from store import load_published


def flat(node, path=''):
    """'a.b' -> value."""
    if not isinstance(node, dict):
        return {path.rstrip('.'): node}
    return {key: value for name, child in node.items() for key, value in flat(child, f'{path}{name}.').items()}


@pytest.fixture
def arms(ran):
    """Differences by seed -> the results of both arms; the paper's has one seed more, which has no pair."""

    def results(differences, level='basic', figure='R@1 joint'):
        fast, paper = ARMS[level]
        found = [ran(fast, seed, {figure: 30.0 + seed + value}) for seed, value in enumerate(differences)]
        return found + [ran(paper, seed, {figure: 30.0 + seed}) for seed in range(len(differences) + 1)]

    return results


@pytest.mark.parametrize(
    ('differences', 'verdict'),
    [
        ([0.5, -0.5, 0.2, -0.2, 0.0], 'not worse'),
        ([-2.0, -2.1, -1.9, -2.0, -2.0], 'not worse'),  # surely lower, and surely within the margin
        ([9.0, 8.0, 9.0, 8.0, 9.0], 'not worse'),
        ([-5.0, -5.1, -4.9, -5.0, -5.0], 'worse'),
        ([-5.0, 5.0, -4.0, 4.0, 0.0], 'too wide to say'),
        ([-9.0, -8.0, 2.0, -9.0, -1.0], 'too wide to say'),  # a mean below the margin alone proves no loss
        ([0.0, 0.0, 0.0, 0.0], 'too few seeds'),
    ],
)
def test_verdicts(arms, differences, verdict):
    found = compare(arms(differences), ARMS['basic'], 'R@1 joint')
    assert found.differences == pytest.approx(differences)
    assert found.verdict == verdict
    assert MARGIN == 3


def test_the_section_shows_every_seed_and_what_is_missing(arms):
    text = maps_section([*arms([1.0, -1.0, 1.0, -1.0, 0.0]), *arms([2.0], level='hard')])
    assert (
        '| basic | R@1 joint | 32.0 | 32.0 | +1.0, -1.0, +1.0, -1.0, +0.0 | +0.0 (-1.2 to +1.2) | 5 | not worse |'
        in text
    )
    assert '| hard | R@1 joint | 32.0 | 30.0 | +2.0 | +2.0 | 1 | too few seeds |' in text
    assert '| hard | probe motion | | | | | 0 | not run |' in text
    assert f'--rows {" ".join(ARMS["hard"])}` runs what is missing' in text
    assert f'--rows {" ".join(ARMS["basic"])}' not in text


def test_the_halved_videos_have_a_section_of_their_own(ran):
    rows = VIDEO_ARMS['basic, motion further ahead']
    text = videos_section([ran(row, 0, {'R@1 joint': figure}) for row, figure in zip(rows, (27.0, 29.0), strict=True)])
    assert '| basic, motion further ahead | R@1 joint | 27.0 | 29.0 | -2.0 | -2.0 | 1 | too few seeds |' in text
    assert f'--rows {" ".join(rows)}` runs what is missing' in text


@pytest.mark.parametrize('setting', ARMS)
def test_both_arms_are_rows_of_the_level_and_differ_in_the_maps_alone(setting):
    fast, paper = (BY_NAME[row] for row in ARMS[setting])
    assert fast.level == paper.level == setting.partition(',')[0]
    mine, theirs = (flat(config_with(CONFIGS / f'{row.train}.py', options_of_training(row, 0)).to_dict())
                    for row in (fast, paper))  # fmt: skip
    differing = {key for key in mine | theirs if mine.get(key) != theirs.get(key)}
    network = 'model.motion_head.m_network'
    assert differing | {f'{network}.stage_strides'} == {  # those of 24 px are the paper's
        'model.data_preprocessor.motion_size',
        *(f'{network}.{name}' for name in ('stem_kernel', 'stem_pool', 'stage_strides')),
    }


def test_the_table_of_the_docs_has_the_published_figures_and_marks_what_is_not_worse():
    published = load_published()
    page = (Path(__file__).parents[2] / 'docs/configs.md').read_text()
    shown = {'level basic': 'basic', 'level hard': 'hard'} | {f'level {name}': name for name in ARMS if ',' in name}
    cell = r'(\**)([+-][.\d]+) \(([+-][.\d]+) to ([+-][.\d]+)\)\**'
    for row, setting in shown.items():
        for figure, found in zip(
            ('R@1 joint', 'R@1 context', 'R@1 motion'),
            re.findall(cell, re.search(rf'^\| {row} \|.*', page, re.MULTILINE)[0]),
            strict=True,
        ):
            difference = compare(published, ARMS[setting], figure)
            mean = sum(difference.differences) / len(difference.seeds)
            assert found[1:] == tuple(f'{value:+.1f}' for value in (mean, *difference.interval)), (setting, figure)
            assert bool(found[0]) == (difference.verdict == 'not worse'), (setting, figure)
