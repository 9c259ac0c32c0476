"""RIVALS.md says what the results say, and the one in the repository is that of its results."""

from statistics import fmean, stdev

import pytest
import rival_report
import store
from jobs import CPU_SECONDS
from rival_costs import Cost
from rival_plot import draw
from rival_report import document
from rival_rows import entries, row_name
from rival_tables import ranking

RECALLS = {
    'random': [2.0, 2.1, 2.2],
    'supervised': [60.0, 61.0, 62.0],
    'steady_clip_motion': [30.0, 31.0, 32.0],
    'rotnet': [20.0, 21.0, 22.5],
    'vcop': [3.0, 3.1, 3.2],
    'pace': [25.0],
}


@pytest.fixture
def made_up(ran):
    """Joint R@1 as above; context and motion are two and three times that."""
    return [
        ran(
            row_name(key, 'basic'),
            seed,
            {
                'R@1 joint': joint,
                'R@1 context': 2 * joint,
                'R@1 motion': 3 * joint,
                CPU_SECONDS: 100.0 + seed,
                'pretext acc_order': 16.5,
            },
        )
        for key, recalls in RECALLS.items()
        for seed, joint in enumerate(recalls)
    ]


def cells(text, name):
    line = next(line for line in text.splitlines() if f' {name} |' in line or f'*{name}*' in line)
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_the_ranking_is_that_of_the_means(made_up):
    cost = Cost(epochs=8, batch=4, clips=4.0, learnt=4.0, places=147456, operations=3.4e9, settings='1')
    text = ranking('basic', entries('basic'), made_up, {'rotnet': cost})
    order = ['supervised', 'camera', 'PacePred', '3D-RotNet', 'VCOP', 'random']
    lines = text.splitlines()[2:]
    assert [next(word for word in order if word in line) for line in lines[:6]] == order
    assert cells(text, '3D-RotNet') == [
        '3', '2–3', '3D-RotNet', '3', f'{fmean(RECALLS["rotnet"]):.1f} ({stdev(RECALLS["rotnet"]):.1f})', '42.3 (2.5)',
        '63.5 (3.8)', '–', '18,432', '101', '0.85', '15.7',
    ]  # fmt: skip
    assert cells(text, 'PacePred')[:5] == ['2', 'too few seeds', 'PacePred', '1', '25.0']
    assert cells(text, 'supervised, joint label')[:2] == ['', '']  # an outer row has no rank
    assert cells(text, 'SpeedNet')[2:4] == ['SpeedNet', 'not run']
    assert len(lines) == len(entries('basic'))
    assert len({line.count('|') for line in text.splitlines()}) == 1


def test_the_document_on_made_up_results(made_up):
    text = document(made_up)
    assert 'Not run: `make rivals LEVELS=hard`' in text
    assert text.count('too few seeds') == 1  # its rank
    assert 'Too few seeds yet: PacePred.' in text  # for differences from ours
    assert '| 3D-RotNet | 3, 3 | **+9.8 ±' in text
    assert '| VCOP | order 16.5 (0.0) |' in text
    assert '16 runs, seeds 0, 1, 2, 48 minutes' in text
    assert 'Not run: `python evidence/run_rivals.py --few-labels`' in text
    for seeds in ([], [0]):
        few = document([found for found in made_up if found.seed in seeds])
        assert '±' not in few.split('## Methods')[0]
        assert ('too few seeds' in few) == bool(seeds)


def test_a_point_of_the_plot_is_the_mean_of_context_and_motion(made_up):
    (ax,) = draw(entries('basic'), made_up).axes
    drawn = {point for line in ax.lines for point in zip(*line.get_data(), strict=True)}
    for recalls in RECALLS.values():
        assert any(point == pytest.approx((2 * fmean(recalls), 3 * fmean(recalls))) for point in drawn)
    assert {text.get_text() for text in ax.texts} == {entry.name for entry in entries('basic') if entry.key in RECALLS}
    assert draw(entries('hard'), made_up) is None


def test_the_document_of_the_repository_is_that_of_its_results():
    """After a run, or a change of words: python evidence/run_rivals.py --report."""
    assert rival_report.DOCUMENT.read_text() == document(store.load_published(store.RIVALS))
