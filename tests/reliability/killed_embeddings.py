"""kill -9 to workers and to whole runs of `cmvl embed -o FOLDER/`: no row lost, none twice, finished parts kept.

python tests/reliability/killed_embeddings.py --engine ray --copies 20 --kills 4 --runs 1    # a trial of one engine
"""

import argparse
import random
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from embedding_runs import (
    PATIENCE,
    PROCESSES,
    RAY,
    WORKERS,
    Engine,
    begun,
    copied,
    differences,
    hashes_of,
    kill,
    lives,
    number_of,
    workers_of,
)
from finding import Finding, Size
from killed_shares import killed_shares
from short_run import make_videos

from cmvl_mm.embedding.folder import embed_folder


def findings(size: Size) -> list[Finding]:
    if size == 'light':
        return of_engine(PROCESSES, copies=6, kills=0, runs=1)
    on_ray = of_engine(RAY, copies=60, kills=20, runs=5, machines=3) if find_spec('ray') else []
    return [*of_engine(PROCESSES, copies=150, kills=20, runs=5), *of_shares(copies=60, kills=20, runs=5), *on_ray]


def of_engine(engine: Engine, copies: int, kills: int, runs: int, machines: int = 0) -> list[Finding]:
    """Kill so many workers, runs, and machines of a cluster, over `copies` of eight videos."""
    with tempfile.TemporaryDirectory() as folder:
        videos = copied(make_videos(Path(folder) / 'set') / 'videos', Path(folder) / 'many', copies)
        expected = Path(folder) / 'expected'
        embed_folder(videos, expected, workers=0)
        checks = ((killed_workers, kills), (killed_runs, runs), (killed_machines, machines))
        return [check(engine, videos, Path(folder), expected, count) for check, count in checks if count]


def of_shares(copies: int, kills: int, runs: int) -> list[Finding]:
    """Kill so many workers, and commands, of shares that run at once."""
    with tempfile.TemporaryDirectory() as folder:
        videos = copied(make_videos(Path(folder) / 'set') / 'videos', Path(folder) / 'many', copies)
        expected = Path(folder) / 'expected'
        embed_folder(videos, expected, workers=0)
        return [killed_shares(videos, Path(folder), expected, kills, runs)]


def killed_workers(engine: Engine, videos: Path, folder: Path, expected: Path, kills: int) -> Finding:
    """SIGKILL one of the workers at random moments, four times a run."""
    draw, done, codes, problems = random.Random(1), 0, [], []
    while done < kills:
        out, log = folder / f'worker_{done}', folder / f'worker_{done}.log'
        process, left, parts = begun(engine, videos, out, log), min(4, kills - done), 0
        while process.poll() is None and left:
            time.sleep(0.02)
            now = len(list((out / 'parts').glob('*.parquet')))
            if now > parts:  # so that each kill follows some progress
                time.sleep(draw.uniform(0, 1))
                parts, workers = now, workers_of(engine, process.pid)
                if workers:
                    left -= kill(draw.choice(workers))
        codes.append(process.wait(timeout=PATIENCE))
        done += min(4, kills - done) - left
        problems += differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
    return Finding(
        promise=f'A worker of {engine.said} that the system kills costs the block that it is at: the run completes, '
        'no row is lost, none is there twice.',
        tested=f'kill -9 to one of {WORKERS} workers at {done} random moments of {len(codes)} runs over '
        f'{number_of(videos)} videos, {len(hashes_of(expected))} parts each; every part compared with those of a run '
        'that was left alone',
        figure=f'exit codes {sorted(set(codes))}; {len(problems)} parts differ or are missing {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard=engine.guard,
    )


def killed_runs(engine: Engine, videos: Path, folder: Path, expected: Path, runs: int) -> Finding:
    """SIGKILL the process that the workers belong to; run it again."""
    draw, again, problems, left = random.Random(2), [], [], 0
    for turn in range(runs):
        out, log = folder / f'run_{turn}', folder / f'run_{turn}.log'
        process = begun(engine, videos, out, log)
        wanted = draw.randint(1, max(1, len(hashes_of(expected)) // 2))
        while process.poll() is None and len(list((out / 'parts').glob('*.parquet'))) < wanted:
            time.sleep(0.02)
        workers = workers_of(engine, process.pid)
        kill(process.pid)
        process.wait()
        deadline = time.monotonic() + 20
        while any(map(lives, workers)) and time.monotonic() < deadline:
            time.sleep(0.02)
        left += sum(map(lives, workers))
        kept = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').glob('*.parquet')}
        run = embed_folder(videos, out, workers=0)
        again.append(run.written)
        now = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').iterdir()}
        problems += [name for name, written in kept.items() if now[name] != written] + differences(out, expected)
        problems += [] if run.skipped == len(kept) else [f'{run.skipped} of {len(kept)} finished parts kept']
    return Finding(
        promise=f'A run of {engine.said} that the system kills takes its workers along and keeps its finished parts; '
        'the same command completes the folder, no row is lost, none is there twice.',
        tested=f'kill -9 to the run at {runs} random moments, {number_of(videos)} videos, {len(hashes_of(expected))} '
        'parts; then again',
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
        process = begun(engine, videos, out, log, '--address', cluster.address)
        while process.poll() is None and len(list((out / 'parts').glob('*.parquet'))) < 2 * (turn + 1):
            time.sleep(0.02)
        cluster.remove_node(lost, allow_graceful=False)
        killed = time.monotonic()
        cluster.add_node(**node)
        codes.append(process.wait(timeout=PATIENCE))
        after.append(time.monotonic() - killed)
        told += 'was lost' in log.read_text()
        problems += differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
        cluster.shutdown()
    return Finding(
        promise=f'A machine that is lost costs {engine.said} the blocks that its workers are at: they run on another '
        'machine, no row is lost, none is there twice.',
        tested=f'a head and two machines of one worker each, emulated on one; kill -9 to one at {count} moments, and '
        f'another joins; {number_of(videos)} videos, {len(hashes_of(expected))} parts',
        figure=f'exit codes {sorted(set(codes))}, at most {max(after):.0f} s after the loss; {told} of {count} had '
        f'a part at work there; {len(problems)} parts differ or are missing {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard=engine.guard,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', choices=['process', 'shares', 'ray'], default='process')
    parser.add_argument('--copies', type=int, default=60, help='of eight videos')
    parser.add_argument('--kills', type=int, default=20, help='of workers')
    parser.add_argument('--runs', type=int, default=5, help='that are killed')
    parser.add_argument('--machines', type=int, default=0, help='of a Ray cluster that are killed')
    args = parser.parse_args()
    if args.engine == 'shares':
        outcomes = of_shares(args.copies, args.kills, args.runs)
    else:
        engine = RAY if args.engine == 'ray' else PROCESSES
        outcomes = of_engine(engine, args.copies, args.kills, args.runs, args.machines)
    for found in outcomes:
        print('held' if found.held else 'NOT HELD', found.promise, found.tested, found.figure, sep='\n  ')


if __name__ == '__main__':
    main()
