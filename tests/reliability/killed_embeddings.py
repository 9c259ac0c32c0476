"""kill -9 to workers and to whole runs of `cmvl embed -o FOLDER/`: no row lost, none twice, few blocks begun again.

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
    blocks_of,
    copied,
    differences,
    finished_parts,
    hashes_of,
    kill,
    lives,
    number_of,
    workers_of,
)
from finding import Finding, Size
from killed_machines import killed_machines
from killed_shares import killed_shares
from openings import Openings, begun_again
from short_run import make_videos
from started import ending_what_it_starts

from cmvl_mm.embedding.folder import embed_folder

COPIES = 20
"""Of eight videos, in the heavy checks: ten parts. More parts would make runs longer, and nothing else."""
KILLS_OF_A_RUN = 5  # of its workers, each after another part


def findings(size: Size) -> list[Finding]:
    if size == 'light':
        return of_engine(PROCESSES, copies=6, kills=0, runs=1)
    on_ray = of_engine(RAY, COPIES, kills=20, runs=5, machines=3) if find_spec('ray') else []
    return [*of_engine(PROCESSES, COPIES, kills=20, runs=5), *of_shares(COPIES, kills=20, runs=5), *on_ray]


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
    """SIGKILL one of the workers at random moments, some times a run."""
    draw, done, again, codes, problems = random.Random(1), 0, [], [], []
    while done < kills:
        out, log = folder / f'worker_{len(codes)}', folder / f'worker_{len(codes)}.log'
        with Openings(videos) as opened:
            process, parts, before = begun(engine, videos, out, log), 0, done
            while process.poll() is None and done < min(kills, before + KILLS_OF_A_RUN):
                time.sleep(0.02)
                now = finished_parts(out)
                if now > parts:  # so that each kill follows some progress
                    time.sleep(draw.uniform(0, 1))
                    parts, workers = now, workers_of(engine, process.pid)
                    if workers:
                        done += kill(draw.choice(workers))
            codes.append(process.wait(timeout=PATIENCE))
            again.append(begun_again(opened.names(), blocks_of(expected)))
        problems += [] if again[-1] <= done - before else [f'{again[-1]} blocks begun again by {done - before} kills']
        problems += differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
    return Finding(
        promise=f'A worker of {engine.said} that the system kills costs the block that it is at: the run completes, '
        'no row is lost, none is there twice.',
        tested=f'kill -9 to one of {WORKERS} workers at {done} random moments of {len(codes)} runs over '
        f'{number_of(videos)} videos, {len(hashes_of(expected))} parts each; every part compared with those of a run '
        'that was left alone; openings of videos watched',
        figure=f'exit codes {sorted(set(codes))}; {sum(again)} blocks begun again; {len(problems)} parts differ, are '
        f'missing or were begun again without a kill {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard=engine.guard,
    )


def killed_runs(engine: Engine, videos: Path, folder: Path, expected: Path, runs: int) -> Finding:
    """SIGKILL the process that the workers belong to; run it again."""
    draw, kept, again, problems, left = random.Random(2), [], [], [], 0
    for turn in range(runs):
        out, log = folder / f'run_{turn}', folder / f'run_{turn}.log'
        with Openings(videos) as opened:
            process = begun(engine, videos, out, log)
            wanted = draw.randint(1, max(1, len(hashes_of(expected)) // 2))
            while process.poll() is None and finished_parts(out) < wanted:
                time.sleep(0.02)
            time.sleep(draw.uniform(0, 1))
            workers = workers_of(engine, process.pid)
            kill(process.pid)
            process.wait()
            deadline = time.monotonic() + 20
            while any(map(lives, workers)) and time.monotonic() < deadline:
                time.sleep(0.02)
            left += sum(map(lives, workers))
            finished = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').glob('*.parquet')}
            run = embed_folder(videos, out, workers=0)
            again.append(begun_again(opened.names(), blocks_of(expected)))
        kept.append(len(finished))
        now = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').iterdir()}
        problems += [name for name, written in finished.items() if now[name] != written] + differences(out, expected)
        problems += [] if run.skipped == len(finished) else [f'{run.skipped} of {len(finished)} finished parts kept']
        problems += [] if again[-1] <= WORKERS else [f'{again[-1]} blocks begun again']
    return Finding(
        promise=f'A run of {engine.said} that the system kills takes its workers along and costs the blocks that they '
        'are at; the same command completes the folder, no row is lost, none is there twice.',
        tested=f'kill -9 to the run at {runs} random moments, {WORKERS} workers, {number_of(videos)} videos, '
        f'{len(hashes_of(expected))} parts; then again; openings of videos watched',
        figure=f'{kept} parts were finished, {again} blocks begun again; {left} workers outlived it by 20 s; '
        f'{len(problems)} parts differ, are missing or were made twice {problems[:3] or ""}',
        held=not problems and not left,
        guard='' if engine is PROCESSES else engine.guard,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engine', choices=['process', 'shares', 'ray'], default='process')
    parser.add_argument('--copies', type=int, default=COPIES, help='of eight videos')
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
    with ending_what_it_starts():
        main()
