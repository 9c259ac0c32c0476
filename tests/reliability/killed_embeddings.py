"""kill -9 to workers and to whole runs of `cmvl embed -o FOLDER/`: no row lost, none twice, finished parts kept.

python tests/reliability/killed_embeddings.py --engine ray --copies 20 --kills 4 --runs 1    # a trial of one engine
"""

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from finding import Finding, Size
from short_run import make_videos, start
from signals import children

from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding.folder import embed_folder

WORKERS = 2


@dataclass(frozen=True)
class Engine:
    """What runs the workers, and how they are found."""

    words: tuple[str, ...]
    """Of the command."""
    said: str
    """Before 'embed'."""
    is_worker: Callable[[str], bool]
    """By the command line of a process."""
    guard: str


PROCESSES = Engine(
    (),
    '`cmvl embed`',
    lambda words: 'spawn_main' in words,  # without multiprocessing's own helper
    'tests/workflows/test_embed_folder.py::test_a_worker_that_is_killed_costs_the_block_it_is_at',
)
RAY = Engine(
    ('--engine', 'ray'),
    '`cmvl embed --engine ray`',
    lambda words: words.startswith('ray::CmvlWorker'),
    'tests/workflows/test_embed_ray.py::test_parts_are_those_of_the_other_engine_though_a_disk_is_full_and_a_worker_is_killed',
)


def findings(size: Size) -> list[Finding]:
    if size == 'light':
        return of_engine(PROCESSES, copies=6, kills=0, runs=1)
    on_ray = of_engine(RAY, copies=60, kills=20, runs=5, machines=3) if find_spec('ray') else []
    return [*of_engine(PROCESSES, copies=150, kills=20, runs=5), *on_ray]


def of_engine(engine: Engine, copies: int, kills: int, runs: int, machines: int = 0) -> list[Finding]:
    """Kill so many workers, runs, and machines of a cluster, over `copies` of eight videos."""
    with tempfile.TemporaryDirectory() as folder:
        videos = _copied(make_videos(Path(folder) / 'set') / 'videos', Path(folder) / 'many', copies)
        expected = Path(folder) / 'expected'
        embed_folder(videos, expected, workers=0)
        checks = ((killed_workers, kills), (killed_runs, runs), (killed_machines, machines))
        return [check(engine, videos, Path(folder), expected, count) for check, count in checks if count]


def killed_workers(engine: Engine, videos: Path, folder: Path, expected: Path, kills: int) -> Finding:
    """SIGKILL one of the workers at random moments, four times a run."""
    draw, done, codes, problems = random.Random(1), 0, [], []
    while done < kills:
        out, log = folder / f'worker_{done}', folder / f'worker_{done}.log'
        process, left, parts = _begun(engine, videos, out, log), min(4, kills - done), 0
        while process.poll() is None and left:
            time.sleep(0.02)
            now = len(list((out / 'parts').glob('*.parquet')))
            if now > parts:  # so that each kill follows some progress
                time.sleep(draw.uniform(0, 1))
                parts, workers = now, _workers(engine, process.pid)
                if workers:
                    left -= _killed(draw.choice(workers))
        codes.append(process.wait(timeout=300))
        done += min(4, kills - done) - left
        problems += _differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
    return Finding(
        promise=f'A worker of {engine.said} that the system kills costs the block that it is at: the run completes, '
        'no row is lost, none is there twice.',
        tested=f'kill -9 to one of {WORKERS} workers at {done} random moments of {len(codes)} runs over '
        f'{_count(videos)} videos, {len(_hashes(expected))} parts each; every part compared with those of a run that '
        'was left alone',
        figure=f'exit codes {sorted(set(codes))}; {len(problems)} parts differ or are missing {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard=engine.guard,
    )


def killed_runs(engine: Engine, videos: Path, folder: Path, expected: Path, runs: int) -> Finding:
    """SIGKILL the process that the workers belong to; run it again."""
    draw, again, problems, left = random.Random(2), [], [], 0
    for turn in range(runs):
        out, log = folder / f'run_{turn}', folder / f'run_{turn}.log'
        process = _begun(engine, videos, out, log)
        wanted = draw.randint(1, max(1, len(_hashes(expected)) // 2))
        while process.poll() is None and len(list((out / 'parts').glob('*.parquet'))) < wanted:
            time.sleep(0.02)
        workers = _workers(engine, process.pid)
        _killed(process.pid)
        process.wait()
        deadline = time.monotonic() + 20
        while any(map(_lives, workers)) and time.monotonic() < deadline:
            time.sleep(0.02)
        left += sum(map(_lives, workers))
        kept = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').glob('*.parquet')}
        run = embed_folder(videos, out, workers=0)
        again.append(run.written)
        now = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').iterdir()}
        problems += [name for name, written in kept.items() if now[name] != written] + _differences(out, expected)
        problems += [] if run.skipped == len(kept) else [f'{run.skipped} of {len(kept)} finished parts kept']
    return Finding(
        promise=f'A run of {engine.said} that the system kills takes its workers along and keeps its finished parts; '
        'the same command completes the folder, no row is lost, none is there twice.',
        tested=f'kill -9 to the run at {runs} random moments, {_count(videos)} videos, {len(_hashes(expected))} parts; '
        'then again',
        figure=f'{again} parts left for the second run; {left} workers outlived it by 20 s; {len(problems)} parts '
        f'differ, are missing or were made twice {problems[:3] or ""}',
        held=not problems and not left,
        guard='' if engine is PROCESSES else engine.guard,
    )


def killed_machines(engine: Engine, videos: Path, folder: Path, expected: Path, count: int) -> Finding:
    """SIGKILL what makes a process group of this machine a machine of a cluster, with all its workers; each time one
    of two, and another one joins."""
    from ray.cluster_utils import Cluster

    problems, codes, after, told = [], [], [], 0
    for turn in range(count):
        out, log = folder / f'machine_{turn}', folder / f'machine_{turn}.log'
        node = dict(num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False)
        cluster = Cluster(initialize_head=True, head_node_args=node | dict(num_cpus=0))
        lost = [cluster.add_node(**node) for _ in range(WORKERS)][-1]
        process = _begun(engine, videos, out, log, '--address', cluster.address)
        while process.poll() is None and len(list((out / 'parts').glob('*.parquet'))) < 2 * (turn + 1):
            time.sleep(0.02)
        cluster.remove_node(lost, allow_graceful=False)
        killed = time.monotonic()
        cluster.add_node(**node)
        codes.append(process.wait(timeout=300))
        after.append(time.monotonic() - killed)
        told += 'was lost' in log.read_text()
        problems += _differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
        cluster.shutdown()
    return Finding(
        promise=f'A machine that is lost costs {engine.said} the blocks that its workers are at: they run on another '
        'machine, no row is lost, none is there twice.',
        tested=f'a head and two machines of one worker each, emulated on one; kill -9 to one at {count} moments, and '
        f'another joins; {_count(videos)} videos, {len(_hashes(expected))} parts',
        figure=f'exit codes {sorted(set(codes))}, at most {max(after):.0f} s after the loss; {told} of {count} had '
        f'a part at work there; {len(problems)} parts differ or are missing {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard=engine.guard,
    )


def _begun(engine: Engine, videos: Path, out: Path, log: Path, *more: str) -> subprocess.Popen:
    words = ['-m', 'cmvl_mm', 'embed', str(videos), '-o', f'{out}/', '--workers', str(WORKERS), *engine.words, *more]
    return start(words, log)


def _workers(engine: Engine, pid: int) -> list[int]:
    return [other for other in _descendants(pid) if engine.is_worker(_command(other))]


def _descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    try:
        found = children(pid)
    except OSError:  # ended meanwhile
        return []
    return found + [one for child in found for one in _descendants(child)]


def _command(pid: int) -> str:
    try:
        return Path(f'/proc/{pid}/cmdline').read_text()
    except OSError:  # ended meanwhile
        return ''


def _lives(pid: int) -> bool:
    """A process that nobody has waited for yet, and that has ended, has no command line."""
    return _command(pid) != ''


def _killed(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _copied(videos: Path, folder: Path, copies: int) -> Path:
    """The same files under many names."""
    folder.mkdir()
    for path in videos.iterdir():
        for number in range(copies):
            os.link(path, folder / f'{path.stem}_{number}{path.suffix}')
    return folder


def _count(videos: Path) -> int:
    return len(list(videos.iterdir()))


def _hashes(out: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (out / 'parts').iterdir()}


def _differences(out: Path, expected: Path) -> list[str]:
    """Parts that are not those of the undisturbed run; and rows, by their number."""
    there, wanted = _hashes(out), _hashes(expected)
    found = [name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name)]
    if not found and not np.array_equal(read_embeddings(out).paths, read_embeddings(expected).paths):
        found.append('the rows')
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', choices=['process', 'ray'], default='process')
    parser.add_argument('--copies', type=int, default=60, help='of eight videos')
    parser.add_argument('--kills', type=int, default=20, help='of workers')
    parser.add_argument('--runs', type=int, default=5, help='that are killed')
    parser.add_argument('--machines', type=int, default=0, help='of a Ray cluster that are killed')
    args = parser.parse_args()
    engine = RAY if args.engine == 'ray' else PROCESSES
    for found in of_engine(engine, args.copies, args.kills, args.runs, args.machines):
        print('held' if found.held else 'NOT HELD', found.promise, found.tested, found.figure, sep='\n  ')


if __name__ == '__main__':
    main()
