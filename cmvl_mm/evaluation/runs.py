"""Several runs of one test: mean and deviation of every figure."""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import NamedTuple

COSTS = ('time', 'data_time')  # MMEngine's figures about the machine, not the model


class Spread(NamedTuple):
    """One figure over several runs."""

    values: tuple[float, ...]  # in the order of the runs
    mean: float
    deviation: float  # of the sample, so over n - 1


def spread(tests: Sequence[dict[str, float]]) -> dict[str, Spread]:
    """Every figure of the tests, in the order of the first.

    Args:
        tests: the figures that test.py wrote for each run.

    Raises:
        ValueError: there are fewer than two runs, or the runs did not print the same figures.
    """
    if len(tests) < 2:
        raise ValueError(f'{len(tests)} run has no standard deviation. Remedy: pass two or more work directories.')
    names = [name for name in tests[0] if name not in COSTS]
    for number, test in enumerate(tests[1:], start=2):
        different = set(names) ^ (test.keys() - set(COSTS))
        if different:
            raise ValueError(
                f'runs 1 and {number} differ in {", ".join(sorted(different))}. Remedy: compare tests of one kind.'
            )
    columns = {name: tuple(test[name] for test in tests) for name in names}
    return {name: Spread(values, fmean(values), stdev(values)) for name, values in columns.items()}
