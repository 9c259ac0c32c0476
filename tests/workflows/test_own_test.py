"""What a test says of a classifier: counts by class, percent, intervals."""

import numpy as np
import pytest

from cmvl_mm.datasets.list_file import Entry
from cmvl_mm.workflows.own_test import Share, confusion, largest_class, of_classes, table_of, top1, top5, untested

LABELS = np.array([0, 0, 0, 1, 1])
SCORES = np.array([[2, 1.0], [0, 1], [0, 1], [0, 1], [3, 1]])


def test_shares_have_their_interval_and_number():
    counts = confusion(SCORES, LABELS)
    assert counts.tolist() == [[1, 2], [1, 1]]
    assert [(share.right, share.n) for share in of_classes(counts)] == [(1, 3), (1, 2)]
    assert top1(counts).percent == pytest.approx(40)
    assert top1(counts).interval == pytest.approx((11.76, 76.93), abs=0.01)  # Wilson, 2 of 5
    assert Share(0, 0).interval is None
    assert largest_class(counts) == pytest.approx(60)


def test_top5_of_five_classes_says_nothing():
    assert top5(np.eye(5), np.arange(5)) is None
    scores = np.tile(np.arange(6.0), (6, 1))
    assert top5(scores, np.arange(6)) == Share(5, 6)


def test_the_table_has_counts_of_both_parts_and_who_is_taken_for_whom():
    split = [['class', 'train', 'test'], ['fall', '9', '3'], ['walk', '8', '2'], ['all', '17', '5']]
    lines = table_of(confusion(SCORES, LABELS), ['fall', 'walk'], split).split('\n')
    assert lines[0].split() == ['class', 'train', 'test', 'right,', '%', '95', '%', 'interval']
    assert lines[2].split() == ['fall', '9', '3', '33.3', '6.1', 'to', '79.2']
    assert lines[4].split() == ['all', '17', '5', '40.0', '11.8', 'to', '76.9']
    assert lines[-2].split() == ['fall', '1', '2']
    many = [f'c{number}' for number in range(11)]
    none = table_of(np.eye(11, dtype=int), many, [['class'], *([name] for name in many), ['all']])
    assert 'taken for' not in none


def test_a_class_without_a_test_video_is_named():
    test = [Entry('a/1.mp4', 0)]
    assert untested('ab', test) == 'class b has no test video: all its recordings are needed for training'
    assert untested('abc', test) == 'classes b, c have no test video: all their recordings are needed for training'
    assert untested('a', test) is None
