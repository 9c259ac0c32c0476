"""Ranks with intervals, from seeds alone.

Two rows differ where the 95 % t-interval of the difference of their means does not have zero in it; variances are not
taken to be equal (Welch), and seeds are not paired, since those of two methods have nothing in common but a number. The
interval of a row's rank begins behind all rows that are better so, and ends before all that are worse so. With fewer
than three seeds a row has no interval and decides none.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean, variance
from typing import NamedTuple

from claims import FEWEST_SEEDS
from scipy.stats import t


class Difference(NamedTuple):
    """Of two means, in percent points."""

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
    """A row's place, 1 the best, and the places that it may have: None where there are too few seeds."""

    place: int
    interval: tuple[int, int] | None


def difference(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    """First minus second; None where one has fewer than three seeds."""
    if min(len(first), len(second)) < FEWEST_SEEDS:
        return None
    shares = [variance(numbers) / len(numbers) for numbers in (first, second)]
    mean = fmean(first) - fmean(second)
    if not any(shares):  # all seeds of each alike
        return Difference(mean, 0.0)
    freedom = sum(shares) ** 2 / sum(
        share**2 / (len(numbers) - 1) for share, numbers in zip(shares, (first, second), strict=True)
    )
    return Difference(mean, float(t.ppf(0.975, freedom)) * sqrt(sum(shares)))


def ranks(figures: Mapping[str, Sequence[float]]) -> dict[str, Rank]:
    """Of every row that has a figure, by its mean; rows of equal means share the better place."""
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
