"""The subset of a list is stratified, nested, and a pure function of (list, share, seed)."""

from collections import Counter
from itertools import pairwise

import pytest

from cmvl_mm.datasets.subset import stratified_subset

LABELS = [0] * 100 + [1] * 30 + [2] * 3 + [0] * 10


def counts(share: float, seed: int = 0) -> dict[int, int]:
    return dict(Counter(LABELS[position] for position in stratified_subset(LABELS, share, seed)))


def test_every_class_keeps_its_share_rounded_and_at_least_one():
    assert counts(0.01) == {0: 1, 1: 1, 2: 1}
    assert counts(0.05) == {0: 6, 1: 2, 2: 1}  # 5.5 and 1.5 round up
    assert counts(0.5) == {0: 55, 1: 15, 2: 2}
    assert stratified_subset(LABELS, 1.0, 0) == list(range(143))


def test_smaller_shares_lie_in_larger_ones():
    subsets = [set(stratified_subset(LABELS, share, 3)) for share in (0.01, 0.05, 0.1, 0.2, 0.9)]
    assert all(small < large for small, large in pairwise(subsets))


def test_it_keeps_the_order_of_the_list_and_depends_on_the_seed_alone():
    chosen = stratified_subset(LABELS, 0.2, 5)
    assert chosen == sorted(set(chosen)) == stratified_subset(list(LABELS), 0.2, 5)
    assert chosen != stratified_subset(LABELS, 0.2, 6)
    # a class's choice is its own: another class may grow without touching it
    assert [p for p in stratified_subset([*LABELS, 1, 1], 0.2, 5) if LABELS[p : p + 1] == [0]] == [
        p for p in chosen if LABELS[p] == 0
    ]


def test_wrong_shares_and_missing_labels_are_named():
    for share in (0.0, -0.1, 1.5):
        with pytest.raises(ValueError, match=f'label_share={share}'):
            stratified_subset(LABELS, share, 0)
    with pytest.raises(ValueError, match='needs a label on every line'):
        stratified_subset([0, None], 0.5, 0)
