"""Ranks with intervals, from the scatter of seeds.

Two rows differ if the 95 % t-interval of the difference of their means does not contain zero. Variances may differ
(Welch), and seeds are not paired, because equal seeds of two methods share only a number. The interval of a row's rank
begins after all rows that are better by this rule, and ends before all rows that are worse. A row with fewer than three
seeds has no interval and does not affect other intervals.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean, variance
from typing import NamedTuple

from claims import FEWEST_SEEDS
from scipy.stats import t


class Difference(NamedTuple):
    """Difference of two means, in percent points."""

    mean: float
    half: float
    """Half of the 95 % interval."""

    @property
    def better(self) -> bool:
        return self.mean - self.half > 0

    @property
    def worse(self) -> bool:
        return self.mean + self.half < 0


class Rank(NamedTuple):
    """A row's rank, with 1 the best, and the range of its rank: None with too few seeds."""

    place: int
    interval: tuple[int, int] | None


def difference(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    """First minus second; None if one has fewer than three seeds."""
    if min(len(first), len(second)) < FEWEST_SEEDS:
        return None
    shares = [variance(numbers) / len(numbers) for numbers in (first, second)]
    mean = fmean(first) - fmean(second)
    if not any(shares):  # all seeds of each row are equal
        return Difference(mean, 0.0)
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(numbers) - 1) for share, numbers in zip(shares, (first, second), strict=True)
    )
    return Difference(mean, float(t.ppf(0.975, freedom)) * sqrt(sum(shares)))


def ranks(figures: Mapping[str, Sequence[float]]) -> dict[str, Rank]:
    """Ranks of all rows with a figure, by its mean; rows of equal means share the better rank."""
    known = {name: list(numbers) for name, numbers in figures.items() if numbers}
    return {name: Rank(_place(name, known), _interval(name, known)) for name in known}


def _place(name: str, known: Mapping[str, list[float]]) -> int:
    return 1 + sum(fmean(other) > fmean(known[name]) for other in known.values())


def _interval(name: str, known: Mapping[str, list[float]]) -> tuple[int, int] | None:
    if len(known[name]) < FEWEST_SEEDS:
        return None
    others = [difference(known[name], numbers) for other, numbers in known.items() if other != name]
    better, worse = (sum(getattr(found, side) for found in others if found) for side in ('better', 'worse'))
    return 1 + worse, len(known) - better
