"""Split the user's own videos into training and test videos, so that no recording is in both.

Neighbouring clips of one recording look alike: if one is in training and the other in the test, the network has almost
seen the test clip. The clips of a recording form a group, and a group is never divided.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from cmvl_mm.datasets.list_file import Entry

from .groups import group_of, groups_from

__all__ = ['group_of', 'groups_from', 'split_by_groups']


def split_by_groups(
    entries: Sequence[Entry], groups: Sequence[str], *, test_share: float = 0.2
) -> tuple[list[Entry], list[Entry]]:
    """Training and test entries, each in their order; the same for the same entries on every machine.

    Whole groups go to the test until it has about `test_share` of the videos of each class. Every class with two
    groups is in both parts; a class of one group, and any set of one group, is only in training.

    Args:
        entries: entries of a list; entries without a label are one class.
        groups: the group of each entry.
        test_share: share of the test videos, above 0 and below 1.

    Raises:
        ValueError: the lengths differ, or the share is out of range.
    """
    if len(groups) != len(entries):
        raise ValueError(f'{len(groups)} groups for {len(entries)} videos. Remedy: pass one group per video.')
    if not 0 < test_share < 1:
        raise ValueError(f'test_share={test_share} must be above 0 and below 1. Remedy: pass a share such as 0.2.')
    names, labels = sorted(set(groups)), sorted({entry.label for entry in entries}, key=str)
    number, column = ({name: place for place, name in enumerate(found)} for found in (names, labels))
    pairs = Counter((number[group], column[entry.label]) for entry, group in zip(entries, groups, strict=True))
    tested = _choose(np.array([[*pair, count] for pair, count in sorted(pairs.items())]).reshape(-1, 3), test_share)
    test = [entry for entry, group in zip(entries, groups, strict=True) if number[group] in tested]
    train = [entry for entry, group in zip(entries, groups, strict=True) if number[group] not in tested]
    return train, test


def _choose(pairs: np.ndarray, share: float) -> frozenset[int]:
    """Choose the groups of the test greedily: repeat the change that improves most until none improves.

    Args:
        pairs: (n, 3) group, class, videos of the class in the group, each pair once.
        share: share of the test videos.
    """
    if not len(pairs):
        return frozenset()
    group, label, count = pairs.T
    size = np.bincount(label, count)
    must_test = np.bincount(label) > 1  # classes of two groups
    tested, chosen = np.zeros(len(size)), np.zeros(group.max() + 1, dtype=bool)

    def cost(videos: np.ndarray, of: np.ndarray) -> np.ndarray:
        missing = ((videos == 0) & must_test[of]) | (videos == size[of])
        return (videos - share * size[of]) ** 2 / size[of] + len(pairs) * size.sum() * missing

    while True:
        moved = tested[label] + np.where(chosen[group], -count, count)
        gains = np.bincount(group, cost(tested[label], label) - cost(moved, label))
        best = int(gains.argmax())
        if gains[best] <= 1e-9:
            return frozenset(np.flatnonzero(chosen).tolist())
        mine = group == best
        tested[label[mine]] += np.where(chosen[best], -1, 1) * count[mine]
        chosen[best] = not chosen[best]
