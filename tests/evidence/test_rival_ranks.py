"""Ranks and their intervals against naive computations."""

import numpy as np
import pytest
from rival_ranks import Rank, difference, ranks
from scipy import stats


def test_a_difference_is_welchs():
    first, second = [30.1, 27.9, 31.4], [22.0, 21.0, 25.5, 24.0, 20.2]
    found = difference(first, second)
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert (found.mean - found.half, found.mean + found.half) == pytest.approx((expected.low, expected.high))
    assert found.better
    assert difference(second, first).worse
    assert difference(first, second[:2]) is None  # too few
    assert difference([5.0] * 3, [4.0] * 3) == (1.0, 0.0)


def test_an_interval_counts_those_that_are_surely_better_and_worse():
    rng = np.random.default_rng(3)
    figures = {f'row {n}': list(rng.normal(4 * n, 3.0, 5)) for n in range(9)}
    found = ranks(figures)
    by_mean = sorted(figures, key=lambda name: -np.mean(figures[name]))
    for place, name in enumerate(by_mean, start=1):
        sure = {'better': 0, 'worse': 0}
        for other in figures.keys() - {name}:
            test = stats.ttest_ind(figures[other], figures[name], equal_var=False).confidence_interval(0.95)
            sure['better'] += test.low > 0
            sure['worse'] += test.high < 0
        assert found[name] == (place, (1 + sure['better'], 9 - sure['worse']))
    widths = [high - low for _, (low, high) in found.values()]
    assert 0 < sum(widths) < 9 * 8  # some are decided, some are not


def test_few_seeds_have_a_place_and_decide_nothing():
    figures = {'a': [50.0, 50.1, 50.2], 'b': [20.0, 20.1], 'c': [10.0, 10.1, 10.2], 'd': [], 'e': [10.1]}
    assert ranks(figures) == {
        'a': Rank(1, (1, 3)),  # c is worse, b and e may be anything
        'b': Rank(2, None),
        'c': Rank(3, (2, 4)),
        'e': Rank(3, None),
    }
