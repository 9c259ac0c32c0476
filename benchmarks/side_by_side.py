"""Shared code of all benchmarks: routes to one result, timed in alternating rounds, and their table.

A figure is a ratio of medians over the rounds of one run, so that a busy machine slows all routes alike.
"""

import argparse
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from cmvl_mm.files.machine import cpu_name

Role = Literal['ours', 'peer', 'limit']
Clock = Literal['cpu', 'wall', 'told']

CLOCKS: dict[Clock, Callable[[], float]] = {
    'cpu': time.process_time,
    'wall': time.perf_counter,
    'told': time.perf_counter,
}


@dataclass(frozen=True)
class Route:
    """One way to the result."""

    name: str
    role: Role
    run: Callable[[], Any]
    units: float = 1.0
    """Frames, samples, steps ... per call."""


@dataclass(frozen=True)
class Timing:
    """A route that was timed."""

    name: str
    role: Role
    units: float
    seconds: list[float]
    """Seconds of each round."""

    @property
    def per_second(self) -> float:
        """Units per second, by the median round."""
        return self.units / statistics.median(self.seconds)


@dataclass(frozen=True)
class Target:
    """A target and the measured result."""

    promise: str
    figure: float
    bound: float
    sense: Literal['at least', 'at most'] = 'at least'

    @property
    def met(self) -> bool:
        return self.figure >= self.bound if self.sense == 'at least' else self.figure <= self.bound


@dataclass(frozen=True)
class Report:
    """One table of a benchmark."""

    title: str
    unit: str
    """Name of a route's `units`, for 'frames/s'."""
    clock: Clock
    timings: list[Timing]
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Other measurements, and which peers are missing here and why."""


def alternate(routes: Sequence[Route], rounds: int, clock: Clock) -> list[Timing]:
    """Call every route once to warm up, then `rounds` times in turn, each with garbage collected before.

    Args:
        routes: routes with different names.
        rounds: number of rounds, at least 1.
        clock: 'cpu' counts the CPU seconds of all threads of this process, 'wall' counts wall time; 'told' takes the
            seconds that a route returns, for routes in another process.
    """
    if rounds < 1 or len({route.name for route in routes}) < len(routes):
        raise ValueError(
            f'at least one round and routes of different names are needed, not {rounds} of {[r.name for r in routes]}'
        )
    now = CLOCKS[clock]
    seconds: dict[str, list[float]] = {route.name: [] for route in routes}
    for route in routes:
        route.run()
    for _ in range(rounds):
        for route in routes:
            gc.collect()
            begin = now()
            told = route.run()
            seconds[route.name].append(told if clock == 'told' else now() - begin)
    return [Timing(route.name, route.role, route.units, seconds[route.name]) for route in routes]


def ratio(timings: Sequence[Timing], name: str, reference: str) -> float:
    """Speed of the route `name` relative to `reference`: the median over rounds of the ratio in each round."""
    of = {timing.name: timing for timing in timings}
    pairs = zip(of[name].seconds, of[reference].seconds, strict=True)
    return of[name].units / of[reference].units * statistics.median(theirs / ours for ours, theirs in pairs)


def _four_digits(number: float) -> str:
    """12774.2 -> '12,770': format codes would write 1.277e+04."""
    return f'{float(f"{number:.4g}"):,.15g}'


def table(report: Report, reference: str) -> str:
    """Markdown: a row per route, with its speed relative to the route `reference`; targets and notes below."""
    lines = [
        f'**{report.title}**',
        '',
        f'| route | | {report.unit}/s | of {reference} |',
        '|---|---|---:|---:|',
        *(
            f'| {timing.name} | {timing.role} | {_four_digits(timing.per_second)} '
            f'| {ratio(report.timings, timing.name, reference):.2f} |'
            for timing in report.timings
        ),
        '',
    ]
    lines += [
        f'- {target.promise}: {target.figure:.3g}, wanted {target.sense} {target.bound:g}: '
        f'{"met" if target.met else "MISSED"}'
        for target in report.targets
    ]
    lines += [f'- {note}' for note in report.notes]
    return '\n'.join(lines).rstrip() + '\n'


def machine() -> dict[str, str]:
    """Facts about the run: date, CPU, cores, load, Python and the main libraries."""
    facts = {
        'date': datetime.now(UTC).strftime('%Y-%m-%d %H:%M UTC'),
        'cpu': cpu_name(),
        'cores': str(os.cpu_count()),
        'load': f'{os.getloadavg()[0]:.2f} at the start',
        'python': platform.python_version(),
    }
    for package in ('torch', 'numpy', 'av', 'decord', 'torchcodec', 'motion-vector-extractor', 'numba', 'faiss-cpu'):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = 'not installed'
    return facts


def add_arguments(parser: argparse.ArgumentParser, rounds: int) -> None:
    """The options of every benchmark."""
    parser.add_argument(
        '--rounds', type=int, default=rounds, help='rounds of every route, in turn (default: %(default)s)'
    )
    parser.add_argument('--json', type=Path, help='also write the figures to this file')


def publish(
    reports: Sequence[Report], references: Sequence[str], facts: dict[str, str], json_path: Path | None
) -> None:
    """Print every report against its reference route, and write both to `json_path`."""
    tables = [table(report, reference) for report, reference in zip(reports, references, strict=True)]
    print('\n'.join(tables))
    if json_path is not None:
        figures = [asdict(report) | {'table': text} for report, text in zip(reports, tables, strict=True)]
        json_path.write_text(json.dumps({'machine': facts, 'reports': figures}, indent=1) + '\n')
