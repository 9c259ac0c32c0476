"""Intervals against SciPy's and against plain loops."""

import numpy as np
import pytest
from scipy import stats

from cmvl_mm.evaluation.intervals import bootstrap_mean, paired_difference, wilson


@pytest.mark.parametrize(('successes', 'n'), [(0, 24), (13, 24), (24, 24), (117, 256), (1, 1)])
@pytest.mark.parametrize('level', [0.9, 0.95])
def test_wilson_is_scipys(successes, n, level):
    theirs = stats.binomtest(successes, n).proportion_ci(level, method='wilson')
    assert wilson(successes, n, level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_refuses_what_is_no_share():
    for successes, n in ((1, 0), (3, 2), (-1, 5)):
        with pytest.raises(ValueError, match='no share'):
            wilson(successes, n)
    with pytest.raises(ValueError, match='level=95'):
        wilson(1, 2, level=95)


def test_bootstrap_of_a_mean_agrees_with_scipys_percentiles():
    values = np.random.default_rng(3).exponential(size=80)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=9999, method='percentile', rng=1).confidence_interval
    assert bootstrap_mean(values, draws=9999) == pytest.approx((theirs.low, theirs.high), abs=0.015)
    assert bootstrap_mean(values, seed=4) == bootstrap_mean(values, seed=4) != bootstrap_mean(values, seed=5)


def test_groups_are_drawn_whole():
    """Ten groups of unlike size whose items agree: the interval is that of drawing groups in a plain loop."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(2, 9, size=10)
    groups = np.repeat([f'camera {i}' for i in range(10)], sizes)
    values = np.repeat(rng.random(10) < 0.5, sizes)
    means = []
    for _ in range(4000):
        picked = rng.integers(10, size=10)
        means.append(np.concatenate([values[groups == f'camera {i}'] for i in picked]).mean())
    low, high = bootstrap_mean(values, groups, draws=4000)
    assert (low, high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), abs=0.03)
    alone = bootstrap_mean(values, draws=4000)
    assert high - low > 1.5 * (alone[1] - alone[0])  # as if every clip were news, it would be far too narrow


def test_a_lone_group_has_no_interval():
    with pytest.raises(ValueError, match='1 group of items has no interval'):
        bootstrap_mean([1, 0, 1], ['a', 'a', 'a'])
    with pytest.raises(ValueError, match='one group a value'):
        bootstrap_mean([1, 0, 1], ['a', 'b'])


def test_a_paired_difference_sees_what_unpaired_intervals_hide():
    """40 of 100 against 50 of 100: the intervals overlap, but the second is right wherever the first is."""
    first, second = np.arange(100) < 40, np.arange(100) < 50
    difference = paired_difference(first, second)
    assert wilson(40, 100)[1] > wilson(50, 100)[0]
    assert difference.mean == pytest.approx(0.1)
    assert (difference.verdict, difference.n, difference.groups) == ('above noise', 100, 100)
    assert paired_difference(second, first).mean == pytest.approx(-0.1)


def test_24_videos_that_differ_in_three_are_within_noise():
    first, second = np.arange(24) < 12, np.arange(24) < 13
    assert paired_difference(first, second).verdict == 'within noise'
    grouped = paired_difference(np.zeros(24), np.arange(24) < 6, groups=[i // 6 for i in range(24)])
    assert grouped.within_noise  # one camera of four explains it
    assert grouped.groups == 4
    with pytest.raises(ValueError, match='not paired'):
        paired_difference([1, 0], [1, 0, 1])
