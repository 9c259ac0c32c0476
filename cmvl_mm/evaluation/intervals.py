"""95 % intervals of test figures, and a test whether two systems differ by more than the choice of videos explains."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

DRAWS = 2000
_BLOCK = 100  # draws at a time, which limits the memory: 100 x groups numbers


class Difference(NamedTuple):
    """Mean of `second - first` over the same items, with its interval, in the unit of the values."""

    mean: float
    low: float
    high: float
    n: int  # items
    groups: int  # equal to the number of items if no groups are given

    @property
    def within_noise(self) -> bool:
        """Whether 0 is inside the interval."""
        return self.low <= 0 <= self.high

    @property
    def verdict(self) -> str:
        """'within noise' or 'above noise', for a table."""
        return 'within noise' if self.within_noise else 'above noise'


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share.

    Args:
        successes: number of successes, 0 to n.
        n: number of independent items, at least 1.
        level: confidence level.

    Returns:
        Lower and upper end, shares of 1.

    Raises:
        ValueError: a number is outside its range.
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(
            f'successes={successes}, n={n} give no share. Remedy: pass n of at least 1 and 0 <= successes <= n.'
        )
    z = NormalDist().inv_cdf((1 + _checked(level)) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    scale = 1 + z * z / n
    low, high = (centre - half) / scale, (centre + half) / scale
    return 0.0 if successes == 0 else low, 1.0 if successes == n else high


def bootstrap_mean(
    values: Any, groups: Sequence[Any] | None = None, level: float = 0.95, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of a mean. Whole groups are drawn, since items of one group are not independent.

    Args:
        values: (n,) numbers or booleans.
        groups: (n,) group of each item, such as its source video; None: each item is a separate group.
        level: confidence level.
        draws: number of bootstrap samples.
        seed: random seed; equal seeds give equal intervals.

    Returns:
        Lower and upper end, in the unit of the values.

    Raises:
        ValueError: there are fewer than two groups, so the spread is unknown, or the lengths differ.
    """
    array = np.asarray(values, dtype=np.float64)
    numbers = np.arange(len(array)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if array.ndim != 1 or len(numbers) != len(array):
        raise ValueError(f'{len(numbers)} groups for values of shape {array.shape}. Remedy: pass one group a value.')
    sizes = np.bincount(numbers)
    if len(sizes) < 2:
        raise ValueError(f'{len(sizes)} group of items has no interval. Remedy: pass items of two or more groups.')
    tail = (1 - _checked(level)) / 2
    sums = np.bincount(numbers, weights=array)
    rng, means = np.random.default_rng(seed), []
    for begin in range(0, draws, _BLOCK):
        drawn = rng.integers(len(sizes), size=(min(_BLOCK, draws - begin), len(sizes)))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def paired_difference(
    first: Any,
    second: Any,
    groups: Sequence[Any] | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Difference:
    """The difference of two systems on the same items, by a paired bootstrap.

    Args:
        first, second: (n,) outcomes of each item, in the same order: booleans (right or wrong), or scores.
        groups, level, draws, seed: as in `bootstrap_mean`.

    Raises:
        ValueError: the lengths differ, or there are fewer than two groups.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(
            f'{one.shape} and {other.shape} outcomes are not paired. Remedy: pass both for the same items.'
        )
    low, high = bootstrap_mean(other - one, groups, level, draws, seed)
    count = len(one) if groups is None else len(set(groups))
    return Difference(float((other - one).mean()), low, high, len(one), count)


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f'level={level} is not a confidence level. Remedy: pass one between 0 and 1, such as 0.95.')
    return level
