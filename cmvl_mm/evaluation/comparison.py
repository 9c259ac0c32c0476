"""Compare two systems on the same test videos in a table row: figures with intervals, difference, and verdict."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .intervals import Difference, bootstrap_mean, paired_difference, wilson

FEW_GROUPS = 10  # with fewer groups, a bootstrap interval is too narrow
ONE_GROUP = 'no interval: one recording'


class Comparison(NamedTuple):
    """The correct answers of two systems on the same videos."""

    name: str
    chance: float
    """Percent of correct answers by guessing."""
    first: np.ndarray
    """(n,) bool: whether the first system is right, for each video."""
    second: np.ndarray
    """(n,) bool: whether the second system is right, in the same order."""
    groups: Sequence[str] | None = None
    """(n,) recording of each video; None if all videos are independent."""

    @property
    def difference(self) -> Difference | None:
        """Second minus first, in shares; None for a single recording, which says nothing about others."""
        if len(set(range(len(self.first)) if self.groups is None else self.groups)) < 2:
            return None
        return paired_difference(self.first, self.second, self.groups)

    def row(self) -> list[str]:
        """Name, chance, both figures, difference and verdict, in percent."""
        found = self.difference
        both = [hits_text(hits, self.groups) for hits in (self.first, self.second)]
        cells = [self.name, f'{self.chance:.1f}', *both]
        if found is None:
            return [*cells, '', ONE_GROUP]
        ends = f'{100 * found.low:+.1f} to {100 * found.high:+.1f}'
        return [*cells, f'{100 * found.mean:+.1f} ({ends})', found.verdict]

    def sentence(self, first: str, second: str) -> str | None:
        """A warning about a difference that is not a result; None if there is nothing to warn about."""
        found, n = self.difference, len(self.first)
        if found is None:
            return f'{self.name}: all {n} test videos are from one recording, so the figure may not hold for others.'
        of = '' if self.groups is None else f' of {found.groups} recordings'
        if found.within_noise:
            return f'{self.name}: within noise. {n} test videos{of} cannot tell "{first}" and "{second}" apart.'
        if self.groups is not None and found.groups < FEW_GROUPS:
            return f'{self.name}: {n} test videos{of} are few; the true interval is wider than the one shown.'
        return None


def hits_text(hits: np.ndarray, groups: Sequence[str] | None = None) -> str:
    """'45.7 (39.7 to 51.8)': percent of hits with the 95 % interval.

    Independent videos get Wilson's interval. Recordings get a bootstrap interval, which draws whole recordings; if all
    videos agree and it would be empty, Wilson's interval for as many videos as there are recordings replaces it.

    Args:
        hits: (n,) bool, n >= 1.
        groups: (n,) recording of each video, or None.
    """
    share = float(np.mean(hits))
    count = len(hits) if groups is None else len(set(groups))
    if groups is not None and count < 2:
        return f'{100 * share:.1f} ({ONE_GROUP})'
    if groups is None or share in (0, 1):
        low, high = wilson(round(share * count), count)
    else:
        low, high = bootstrap_mean(hits, groups)
    return f'{100 * share:.1f} ({100 * low:.1f} to {100 * high:.1f})'
