"""Read the tables of benchmarks/RESULTS.md, for the chart and the table of README."""

import re
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / 'benchmarks/RESULTS.md'
_ROW = re.compile(r'\| ([^|]+) \| (ours|peer|limit) \| ([\d.,e+]+) \|')


class Rate(NamedTuple):
    """One route of a table."""

    name: str
    kind: str
    per_second: float


def tables_of(results: str, benchmark: str) -> dict[str, list[Rate]]:
    """Routes by table title of one benchmark, in the order of the page.

    Raises:
        ValueError: the page has no table of this benchmark.
    """
    part = f'\n{results}'.partition(f'\n## {benchmark}\n')[2].partition('\n## ')[0]
    found: dict[str, list[Rate]] = {}
    for line in part.splitlines():
        if line.startswith('**'):
            rates = found.setdefault(line.strip('*'), [])
        elif row := _ROW.match(line):
            rates.append(Rate(row[1], row[2], float(row[3].replace(',', ''))))
    if not any(found.values()):
        raise ValueError(
            f'{RESULTS}: no table of {benchmark}. Remedy: run python benchmarks/run_all.py --only {benchmark}'
        )
    return found


def rates_of(results: str, benchmark: str, title: str) -> dict[str, float]:
    """Units per second by route, from the one table of a benchmark whose title begins with `title`.

    Raises:
        ValueError: no table or several tables match.
    """
    tables = tables_of(results, benchmark)
    match [name for name in tables if name.startswith(title)]:
        case [name]:
            return {rate.name: rate.per_second for rate in tables[name]}
        case names:
            raise ValueError(
                f'{RESULTS}: {len(names)} tables of {benchmark} begin with {title!r}, not one: {[*tables]}'
            )
