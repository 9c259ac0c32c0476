"""A verdict is what the seeds say, and every claim compares rows that exist."""

import pytest
from claims import CLAIMS, Claim, half_interval, judge, values
from rows import BY_NAME, FEW_LABEL_STARTS, SHOTS

CLAIM = Claim('4', 'Both beat one.', 'R@1 joint', 'both', 'iframes')


@pytest.fixture
def results(ran):
    """(row, numbers): its results with seeds 0, 1, ..."""
    return lambda row, numbers, figure='R@1 joint', **changes: [
        ran(row, seed, {figure: number}, **changes) for seed, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ('better', 'worse', 'verdict'),
    [
        ([30, 31, 32], [20, 21.5, 21.5], 'holds'),
        ([20, 21, 22], [30, 31, 32], 'does not hold'),
        ([20, 20, 20], [20, 20, 20], 'does not hold'),  # no difference is no gain
        ([20, 40, 22], [19, 20, 21], 'undecided'),
        ([10, 30, 19.9], [20, 20, 20], 'undecided'),  # a mean just below zero refutes nothing
        ([30], [20], 'undecided'),
        ([30, 30], [20, 20], 'undecided'),  # two that agree by chance would have no interval at all
        ([], [20], 'not run'),
    ],
)
def test_verdicts(results, better, worse, verdict):
    assert judge(CLAIM, [*results('both', better), *results('iframes', worse)]).verdict == verdict


def test_rows_are_compared_by_seed_with_students_interval(results):
    judged = judge(CLAIM, [*results('both', [10, 20, 30, 40]), *results('iframes', [9, 19, 29])])
    assert judged.seeds == (0, 1, 2)
    assert judged.differences == [1, 1, 1]
    assert judged.verdict == 'holds'  # whatever the spread between the seeds
    assert half_interval([1, 2, 3]) == pytest.approx(4.302653 * 1 / 3**0.5, rel=1e-6)


def test_values_are_of_the_test_split_and_of_the_epochs_asked_for(results):
    assert values(results('both', [1.0], split='val'), 'both', 'R@1 joint') == {}
    found = results('both', [7.0], figure='epoch 5 R@1 joint, validation')
    assert values(found, 'both@5', '') == {0: 7.0}
    assert values(found, 'both@30', '') == {}


def test_every_claim_compares_rows_that_exist():
    few = {f'few_{start}_{kind}_{shots}' for start in FEW_LABEL_STARTS for shots in SHOTS
           for kind in ('context', 'motion', 'joint')}  # fmt: skip
    for claim in CLAIMS:
        assert {claim.better.partition('@')[0], claim.worse.partition('@')[0]} <= BY_NAME.keys() | few, claim
    assert {claim.table for claim in CLAIMS} >= {'1', '2', '4', '5', '6', '7'}
    assert len(set(CLAIMS)) == len(CLAIMS)
