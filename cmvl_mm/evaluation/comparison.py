"""Two systems on the same test videos, as a row of a table: figures with intervals, the difference, and a verdict."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .intervals import Difference, bootstrap_mean, paired_difference, wilson

FEW_GROUPS = 10  # with fewer, a bootstrap's interval is too narrow
ONE_GROUP = 'no interval: one recording'


class Comparison(NamedTuple):
    """What two systems got right of the same videos."""

    name: str
    chance: float
    """Percent that guessing gets."""
    first: np.ndarray
    """(n,) bool."""
    second: np.ndarray
    """(n,) bool, in the same order."""
    groups: Sequence[str] | None = None
    """(n,) recordings; None where all videos are independent."""

    @property
    def difference(self) -> Difference | None:
        """Second less first, in shares; None where there is a single recording, which says nothing of others."""
        if len(set(range(len(self.first)) if self.groups is None else self.groups)) < 2:
            return None
        return paired_difference(self.first, self.second, self.groups)

    def row(self) -> list[str]:
        """Name, chance, both figures, difference and verdict; percent."""
        found = self.difference
        both = [hits_text(hits, self.groups) for hits in (self.first, self.second)]
        cells = [self.name, f'{self.chance:.1f}', *both]
        if found is None:
            return [*cells, '', ONE_GROUP]
        ends = f'{100 * found.low:+.1f} to {100 * found.high:+.1f}'
        return [*cells, f'{100 * found.mean:+.1f} ({ends})', found.verdict]

    def sentence(self, first: str, second: str) -> str | None:
        """What must be said of a difference that is no result; None where there is nothing to warn of."""
        found, n = self.difference, len(self.first)
        if found is None:
            return f'{self.name}: all {n} test videos are of one recording, so nothing is known of others.'
        of = '' if self.groups is None else f' of {found.groups} recordings'
        if found.within_noise:
            return f'{self.name}: within noise. {n} test videos{of} cannot tell "{first}" and "{second}" apart.'
        if self.groups is not None and found.groups < FEW_GROUPS:
            return f'{self.name}: {n} test videos{of} are few; the true interval is wider than the one shown.'
        return None


def hits_text(hits: np.ndarray, groups: Sequence[str] | None = None) -> str:
    """'45.7 (39.7 to 51.8)': percent of hits with the 95 % interval.

    Wilson's for independent videos. Of recordings a bootstrap's, which draws them whole; where it would be empty since
    all videos agree, Wilson's for as many videos as there are recordings.

    Args:
        hits: (n,) bool, n >= 1.
        groups: (n,) recordings, or None.
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
