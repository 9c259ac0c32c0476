"""Figures of a classifier's test on your own videos: shares, intervals, counts by class, confusion matrix."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cmvl_mm.datasets.list_file import Entry
from cmvl_mm.evaluation.intervals import wilson
from cmvl_mm.evaluation.summary import FEWEST_CLASSES_OF_TOP5
from cmvl_mm.evaluation.tables import text_table

MOST_CLASSES_SHOWN = 10  # in a confusion matrix


class Share(NamedTuple):
    """Number of correct videos of one class, or of all classes."""

    right: int
    n: int

    @property
    def percent(self) -> float:
        """Percent of the videos that are right; nan without videos."""
        return 100 * self.right / self.n if self.n else float('nan')

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Wilson interval in percent; it treats videos of one recording as independent, so it is rather narrow."""
        if not self.n:
            return None
        low, high = wilson(self.right, self.n)
        return 100 * low, 100 * high


def confusion(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(classes, classes) number of videos by true class (row) and by the class with the highest score (column).

    Args:
        scores: (n, classes).
        labels: (n,) from 0.
    """
    counts = np.zeros((scores.shape[1],) * 2, dtype=np.int64)
    np.add.at(counts, (labels, scores.argmax(axis=1)), 1)
    return counts


def top1(counts: np.ndarray) -> Share:
    """Top-1 share of all videos of a confusion matrix."""
    return Share(int(np.trace(counts)), int(counts.sum()))


def of_classes(counts: np.ndarray) -> list[Share]:
    """Top-1 share of each class."""
    return [Share(int(counts[label, label]), int(counts[label].sum())) for label in range(len(counts))]


def largest_class(counts: np.ndarray) -> float:
    """Percent of videos that are right if every answer is the most frequent class of the test."""
    return 100 * float(counts.sum(axis=1).max() / counts.sum())


def top5(scores: np.ndarray, labels: np.ndarray) -> Share | None:
    """Top-5 share; None for fewer than 6 classes, where it means little."""
    if scores.shape[1] < FEWEST_CLASSES_OF_TOP5:
        return None
    best = np.argsort(-scores, axis=1)[:, :5]
    return Share(int((best == labels[:, None]).any(axis=1).sum()), len(labels))


def untested(classes: Sequence[str], test: Sequence[Entry]) -> str | None:
    """A sentence on the classes without a test video; None if every class has one.

    Args:
        classes: class names by label.
        test: entries of the test.
    """
    tested = {entry.label for entry in test}
    names = [name for label, name in enumerate(classes) if label not in tested]
    if not names:
        return None
    kind, verb, whose = ('class', 'has', 'its') if len(names) == 1 else ('classes', 'have', 'their')
    return f'{kind} {", ".join(names)} {verb} no test video: all {whose} recordings are needed for training'


def table_of(counts: np.ndarray, classes: Sequence[str], split: Sequence[Sequence[str]]) -> str:
    """Table of counts and correct videos by class, with the confusion matrix for few classes.

    Args:
        counts: result of `confusion`.
        classes: class names by label.
        split: rows of `own_lists.counts`: header, classes, sum.
    """
    shares = [*of_classes(counts), top1(counts)]
    rows = [[*split[0], 'right, %', '95 % interval']]
    for row, share in zip(split[1:], shares, strict=True):
        interval = '' if share.interval is None else '{:.1f} to {:.1f}'.format(*share.interval)
        rows.append([*row, f'{share.percent:.1f}' if share.n else '', interval])
    found = text_table(rows)
    if len(classes) <= MOST_CLASSES_SHOWN:
        matrix = [
            ['true class, taken for', *classes],
            *([name, *map(str, row)] for name, row in zip(classes, counts, strict=True)),
        ]
        found += f'\n\n{text_table(matrix)}'
    return found
