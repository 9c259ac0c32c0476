"""A list of millions of lines: time and memory of opening it, of the checks before the first step, and of its order.

    python benchmarks/long_lists.py
    python benchmarks/long_lists.py --before     # the package when a list was a list of Python objects

Each row is a separate process. Memory is the highest resident size of the whole process (VmHWM), including the imports
of torch and MMEngine; for a worker it is its private memory (Private_Dirty) after it has looked up entries.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from earlier_build import unpack

BEFORE = '2d82517'
"""The last commit whose lists were lists of objects."""
CLASSES = 400
TARGET_SECONDS, TARGET_BYTES = 5.0, 1e9
READ = 20_000
"""Number of entries that each worker looks up."""


def make_list(folder: Path, lines: int) -> Path:
    """Write lines like `clips/0123/clip_00123456.mp4 17`, and the first of these videos, empty, so that one exists."""
    path = folder / 'train.txt'
    with path.open('w') as file:
        for begin in range(0, lines, 100_000):
            numbers = range(begin, min(begin + 100_000, lines))
            file.write(''.join(f'clips/{n % 4096:04d}/clip_{n:08d}.mp4 {n * 7919 % CLASSES}\n' for n in numbers))
    first = folder / 'clips' / '0000' / 'clip_00000000.mp4'
    first.parent.mkdir(parents=True)
    first.touch()
    return path


def step_imports(_: Path) -> dict[str, float]:
    """The imports of every training, before it opens anything."""
    return {}


def step_open(path: Path) -> dict[str, float]:
    """Open the data set: every line is checked, and the folder must exist."""
    begin = time.perf_counter()
    opened(path)
    return dict(seconds=time.perf_counter() - begin)


def step_checks(path: Path) -> dict[str, float]:
    """The checks of a training before its first step: labels, classes, counts and digest."""
    from cmvl_mm.engine.listed import list_digest
    from cmvl_mm.engine.preflight import check_all_classes, check_labels
    from cmvl_mm.engine.screen_hook import data_in_words

    dataset, model = opened(path), SimpleNamespace(cls_head=SimpleNamespace(num_classes=CLASSES))
    begin = time.perf_counter()
    check_labels(dataset, model, 'train')
    check_all_classes(dataset, model)
    data_in_words(dataset)
    list_digest(dataset)
    return dict(seconds=time.perf_counter() - begin)


def step_count(path: Path) -> dict[str, float]:
    """Count the different videos, for the report of an epoch."""
    from cmvl_mm.engine.listed import distinct_videos

    dataset = opened(path)
    begin = time.perf_counter()
    assert distinct_videos(dataset) == len(dataset)
    return dict(seconds=time.perf_counter() - begin)


def step_first_index(path: Path) -> dict[str, float]:
    """The sampler's first index, in the middle of an epoch."""
    sampler = sampler_of(opened(path))
    begin = time.perf_counter()
    sampler.set_start(len(sampler) // 2)
    next(iter(sampler))
    return dict(seconds=time.perf_counter() - begin)


def step_epoch(path: Path) -> dict[str, float]:
    """All indices of an epoch."""
    sampler = sampler_of(opened(path))
    begin = time.perf_counter()
    for _ in sampler:
        pass
    return dict(seconds=time.perf_counter() - begin)


def step_workers(path: Path) -> dict[str, float]:
    """Two forked workers that each look up entries in all parts of the list."""
    dataset = opened(path)
    positions = np.random.default_rng(0).integers(len(dataset), size=READ).tolist()
    children = []
    for _ in range(2):
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            begin = time.perf_counter()
            for position in positions:
                dataset.entries[position]
            took = time.perf_counter() - begin
            os.write(writing, json.dumps([took, private_bytes()]).encode())
            os._exit(0)
        os.close(writing)
        children.append((child, reading))
    told = []
    for child, reading in children:
        told.append(json.loads(os.read(reading, 1000)))
        os.waitpid(child, 0)
    return dict(seconds=max(seconds for seconds, _ in told), worker=max(held for _, held in told))


STEPS: dict[str, Callable[[Path], dict[str, float]]] = {
    'imports alone': step_imports,
    'the list opens': step_open,
    'checks before the first step': step_checks,
    'different videos counted, at the end of an epoch': step_count,
    'first index, in the middle of an epoch': step_first_index,
    'all indices of an epoch': step_epoch,
    f'2 workers, {READ:,} entries each': step_workers,
}


def opened(path: Path) -> Any:
    import cmvl_mm.register  # noqa: F401
    from cmvl_mm.datasets.dataset import CompressedVideoDataset

    return CompressedVideoDataset(str(path), dict(video=str(path.parent)), pipeline=[])


def sampler_of(dataset: Any) -> Any:
    from cmvl_mm.engine.sampler import ResumableSampler

    return ResumableSampler(dataset, seed=0)


def highest_bytes() -> int:
    """The peak memory of this process."""
    found = re.search(r'VmHWM:\s+(\d+) kB', Path('/proc/self/status').read_text())
    assert found is not None
    return int(found[1]) * 1024


def private_bytes() -> int:
    """Memory that this process has written to and does not share."""
    found = re.search(r'Private_Dirty:\s+(\d+) kB', Path('/proc/self/smaps_rollup').read_text())
    assert found is not None
    return int(found[1]) * 1024


def measured(step: str, path: Path, package: Path | None) -> dict[str, float]:
    """Measure a step in a separate process, with the package of a checkout."""
    environment = os.environ | dict(OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore')
    if package is not None:
        environment['PYTHONPATH'] = str(package)
    command = [sys.executable, __file__, '--step', step, '--list', str(path)]
    outcome = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(outcome.stdout.splitlines()[-1])


def main() -> None:
    args = parse_args()
    if args.step is not None:
        import cmvl_mm.register  # noqa: F401

        print(json.dumps(STEPS[args.step](args.list) | dict(highest=highest_bytes())))
        return
    with tempfile.TemporaryDirectory() as folder:
        package = unpack(BEFORE, Path(folder) / 'before') if args.before else None
        path = make_list(Path(folder), args.lines)
        print(f'{args.lines:,} lines, {path.stat().st_size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}\n')
        print('| | seconds | highest memory, MB | of a worker, MB |\n|---|---:|---:|---:|')
        found = {}
        for step in args.only:
            found[step] = row = measured(step, path, package)
            cells = f'{row["seconds"]:.2f}' if 'seconds' in row else '', f'{row["highest"] / 1e6:,.0f}'
            worker = f'{row["worker"] / 1e6:,.0f}' if 'worker' in row else ''
            print(f'| {step} | {cells[0]} | {cells[1]} | {worker} |', flush=True)
    if (opens := found.get('the list opens')) is None:
        return
    for name, figure, bound in (
        ('seconds', opens['seconds'], TARGET_SECONDS),
        ('bytes', opens['highest'], TARGET_BYTES),
    ):
        print(
            f'- the list opens in {figure:,.3g} {name}, wanted under {bound:g}: {"met" if figure < bound else "MISSED"}'
        )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--lines', type=int, default=10_000_000, help='lines of the list (default: %(default)s)')
    parser.add_argument('--before', action='store_true', help=f'measure the package of commit {BEFORE}')
    parser.add_argument('--only', nargs='+', choices=list(STEPS), default=list(STEPS), help='run these rows only')
    parser.add_argument('--step', choices=list(STEPS), help=argparse.SUPPRESS)
    parser.add_argument('--list', type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == '__main__':
    main()
