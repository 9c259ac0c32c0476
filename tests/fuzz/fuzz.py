"""Damage videos of every kind in every way, read each in a process that may die, and count what should not happen.

    python tests/fuzz/fuzz.py --number 2000               # of each kind of file; what RELIABILITY.md quotes
    python tests/fuzz/fuzz.py --repeat mpeg4_avi:garbled:0:17

A file on which the reader breaks a promise is kept in work_dirs/fuzz with the command that repeats it. Exits with 1 if
there is one.
"""

import argparse
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cell import Cell, Outcome, Recipe, examine
from damage import KINDS
from sources import FORMATS, make_sources

KEPT = Path('work_dirs/fuzz')
REPORT_EVERY = 500  # files


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--number', type=int, default=200, help='of each kind of file (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='processes (default: %(default)s)')
    parser.add_argument('--repeat', type=Recipe.parse, metavar='RECIPE', help='one file, in this process')
    args = parser.parse_args(argv)
    if args.repeat is not None:
        with tempfile.TemporaryDirectory() as folder:
            sources = make_sources(Path(folder))
            print(examine(args.repeat, sources, Path(folder)))
        return
    outcomes = fuzz(args.number, args.seed, args.jobs)
    print('\n'.join(table(outcomes)))
    bad = [outcome for outcome in outcomes if outcome.broken]
    for outcome in bad:
        print(f'{outcome.recipe}: {"; ".join(outcome.broken)}')
    if bad:
        sys.exit(f'{len(bad)} files: python tests/fuzz/fuzz.py --repeat RECIPE; they are kept in {KEPT}')


def fuzz(number: int, seed: int, jobs: int) -> list[Outcome]:
    """Damage and read `number` files of each kind, all kinds of damage in turn; the outcomes in the recipes' order."""
    recipes = list(recipes_of(number, seed))
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(jobs) as threads:
        folder = Path(name)
        sources = make_sources(folder)
        finished = itertools.count(1)

        def report() -> None:
            if (count := next(finished)) % REPORT_EVERY == 0:
                print(f'{count} of {len(recipes)} files', file=sys.stderr, flush=True)

        shares = threads.map(
            lambda share: _serve(recipes[share::jobs], sources, folder / str(share), report), range(jobs)
        )
        outcomes = {outcome.recipe: outcome for share in shares for outcome in share}
    return [outcomes[recipe] for recipe in recipes]


def recipes_of(number: int, seed: int) -> Iterator[Recipe]:
    """Kinds of file and of damage take turns, so that every part of the list is a fair sample."""
    kinds = list(KINDS)
    for count in range(number):
        for name in FORMATS:
            yield Recipe(name, kinds[count % len(kinds)], seed, count)


def _serve(recipes: Sequence[Recipe], sources: dict, folder: Path, report: Callable[[], None]) -> list[Outcome]:
    """One process at a time, a new one where the last did not survive its file."""
    folder.mkdir()
    outcomes = []
    with Cell(sources, folder) as cell:
        for recipe in recipes:
            outcome = cell.examine(recipe)
            outcomes.append(outcome)
            path = recipe.path(folder)
            if outcome.broken and path.exists():
                KEPT.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, KEPT / path.name)
            path.unlink(missing_ok=True)
            report()
    return outcomes


def table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """One line for each kind of file; `wrong` are files without a flag, and with a frame that differs all the same."""
    yield f'{"":10} {"files":>6} {"refused":>8} {"no flag":>8} {"wrong":>6} {"frames":>8} {"slowest":>8} {"MB":>5}'
    for name in (*FORMATS, 'all'):
        mine = [outcome for outcome in outcomes if name in (outcome.recipe.name, 'all')]
        passed = [outcome for outcome in mine if outcome.verified]
        yield (
            f'{name:10} {len(mine):6} {sum(bool(outcome.refused) for outcome in mine):8} {len(passed):8} '
            f'{sum(outcome.wrong > 0 for outcome in passed):6} {sum(outcome.handed_out for outcome in mine):8} '
            f'{max((outcome.seconds for outcome in mine), default=0):7.2f}s '
            f'{max((outcome.growth for outcome in mine), default=0) / 1e6:5.0f}'
        )


if __name__ == '__main__':
    main()
