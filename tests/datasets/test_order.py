"""The order of an epoch: short lists as ever, long ones by a bijection of which nothing is held."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from cmvl_mm.datasets import order
from cmvl_mm.datasets.order import LONG, Bijection, epoch_order
from cmvl_mm.datasets.sample_index import order_generator


def whole(length, seed=0, epoch=0):
    return Bijection(length, seed, epoch)[np.arange(length)]


@pytest.mark.parametrize('length', [*range(2, 20), 255, 256, 257, 1000])
def test_every_position_comes_once(length):
    for epoch in range(3):
        assert sorted(whole(length, 5, epoch)) == list(range(length))


def test_places_positions_and_epochs_know_nothing_of_each_other():
    """Chi-square of 16 x 16 cells, 225 degrees of freedom: within five standard deviations, 225 +- 106."""
    length = 1 << 16

    def chi_square(one, other):
        counts = np.histogram2d(one, other, bins=16, range=[[0, length]] * 2)[0]
        return ((counts - length / 256) ** 2).sum() / (length / 256)

    orders = [whole(length, seed, epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    pairs = [(np.arange(length), one) for one in orders]
    pairs += [(one[:-1], one[1:]) for one in orders] + [(one[:-1] % 16 * 4096, one[1:]) for one in orders]
    pairs += [(orders[0], orders[1]), (orders[0], orders[2])]
    assert all(119 < chi_square(*pair) < 331 for pair in pairs)
    assert all((one == np.arange(length)).sum() < 8 for one in orders)  # fixed points: one is expected


def test_short_lists_keep_the_order_that_recorded_runs_had(monkeypatch):
    monkeypatch.setattr(order, 'BLOCK', 3)
    expected = order_generator(3, 2).permutation(11).tolist()
    assert list(epoch_order(11, 3, 2)) == expected
    assert list(epoch_order(11, 3, 2, start=5, step=2)) == expected[5::2]
    assert expected == [2, 9, 6, 10, 8, 0, 3, 5, 4, 1, 7]


def test_a_long_list_is_entered_anywhere_and_shared_without_its_order(monkeypatch):
    monkeypatch.setattr(order, 'LONG', 10)
    monkeypatch.setattr(order, 'BLOCK', 3)
    together = list(epoch_order(11, 3, 2))
    assert together == whole(11, 3, 2).tolist()
    for start, step in ((1, 1), (0, 2), (7, 4)):
        assert list(epoch_order(11, 3, 2, start, step)) == together[start::step]


def test_the_order_of_ten_million_videos_takes_no_memory():
    tracemalloc.start()
    try:
        first = list(islice(epoch_order(10_000_000, 0, 0, start=7_000_001, step=2), 5))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert first == list(islice(epoch_order(10_000_000, 0, 0, start=7_000_001), 0, 10, 2))
    assert LONG < 10_000_000
