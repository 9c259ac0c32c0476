"""Run every benchmark that needs no GPU and write benchmarks/RESULTS.md: the tables, the machine, versions and date.

    python benchmarks/run_all.py        # make bench

Each runs in a separate process, one after the other, on the videos it makes; no other program should run meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared_ffmpeg import search_path

FOLDER = Path(__file__).resolve().parent
BENCHMARKS = (
    'extraction', 'whole_stream', 'long_video', 'loader', 'loss', 'train_step', 'fast_recipe', 'retrieval', 'embed',
)  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    sections, facts, begun = [], {}, time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        links = Path(temporary) / 'ffmpeg'
        links.mkdir()
        libraries = search_path(links)
        for name in args.only:
            print(f'== {name}', flush=True)
            out = Path(temporary) / f'{name}.json'
            run(name, out, args.rounds, libraries)
            figures = json.loads(out.read_text())
            facts = facts or figures['machine']
            sections.append(section(name, figures))
    minutes = (time.monotonic() - begun) / 60
    args.out.write_text(document(sections, facts, minutes))
    print(f'{minutes:.1f} minutes; written to {args.out}')


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--only', nargs='+', choices=BENCHMARKS, default=BENCHMARKS, help='run these only')
    parser.add_argument('--rounds', type=int, help="rounds of every route; default: each benchmark's own")
    parser.add_argument('--out', type=Path, default=FOLDER / 'RESULTS.md', help='default: %(default)s')
    return parser.parse_args(argv)


def run(name: str, out: Path, rounds: int | None, libraries: str) -> None:
    """Run one benchmark, on one thread unless the benchmark sets more; `libraries` are for torchcodec."""
    command = [sys.executable, str(FOLDER / f'{name}.py'), '--json', str(out)]
    command += [] if rounds is None else ['--rounds', str(rounds)]
    paths = ':'.join(filter(None, (libraries, os.environ.get('LD_LIBRARY_PATH'))))
    environment = os.environ | {'OMP_NUM_THREADS': '1'} | ({'LD_LIBRARY_PATH': paths} if paths else {})
    outcome = subprocess.run(command, env=environment, check=False)
    if outcome.returncode != 0:
        sys.exit(f'benchmarks/{name}.py failed with exit code {outcome.returncode}; nothing was written.')


def section(name: str, figures: dict) -> str:
    """A heading, the load at the start, and the benchmark's own tables."""
    tables = '\n'.join(report['table'] for report in figures['reports'])
    return f'## {name}\n\n`python benchmarks/{name}.py`, load {figures["machine"]["load"]}\n\n{tables}'


def document(sections: list[str], facts: dict[str, str], minutes: float) -> str:
    """The whole page."""
    versions = ', '.join(
        f'{name} {value}' for name, value in facts.items() if name not in ('cpu', 'cores', 'load', 'date')
    )
    head = f"""# Benchmarks

Written by `make bench` in {minutes:.1f} minutes. {facts['cpu']}, {facts['cores']} cores; {facts['date']}.
{versions}.

Rounds of all routes alternate; speeds are those of the median round, a ratio is the median over rounds of the rounds'
own ratios. Absolute figures belong to this machine.
"""
    return '\n'.join([head, *sections])


if __name__ == '__main__':
    main()
