"""kill -9 to workers and to whole runs of `cmvl embed -o FOLDER/`: no row lost, none twice, finished parts kept."""

import os
import random
import signal
import subprocess
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
from finding import Finding, Size
from short_run import make_videos, start
from signals import children

from cmvl_mm.clip_search.stored_rows import read_embeddings
from cmvl_mm.embedding.folder import embed_folder

WORKERS = 2


def findings(size: Size) -> list[Finding]:
    copies, kills, runs = (6, 1, 1) if size == 'light' else (150, 20, 5)
    with tempfile.TemporaryDirectory() as folder:
        videos = _copied(make_videos(Path(folder) / 'set') / 'videos', Path(folder) / 'many', copies)
        expected = Path(folder) / 'expected'
        embed_folder(videos, expected, workers=0)
        found = [killed_runs(videos, Path(folder), expected, runs)]
        return found if size == 'light' else [killed_workers(videos, Path(folder), expected, kills), *found]


def killed_workers(videos: Path, folder: Path, expected: Path, kills: int) -> Finding:
    """SIGKILL one of the workers at random moments, four times a run."""
    draw, done, codes, problems = random.Random(1), 0, [], []
    while done < kills:
        out, log = folder / f'worker_{done}', folder / f'worker_{done}.log'
        process, left, parts = _begun(videos, out, log), min(4, kills - done), 0
        while process.poll() is None and left:
            time.sleep(0.02)
            now = len(list((out / 'parts').glob('*.parquet')))
            if now > parts:  # so that each kill follows some progress
                time.sleep(draw.uniform(0, 1))
                parts, workers = now, _workers(process.pid)
                if workers:
                    left -= _killed(draw.choice(workers))
        codes.append(process.wait(timeout=300))
        done += min(4, kills - done) - left
        problems += _differences(out, expected) + ([] if codes[-1] == 0 else [log.read_text()[-500:]])
    return Finding(
        promise='A worker of `cmvl embed` that the system kills costs the block that it is at: the run completes, no '
        'row is lost, none is there twice.',
        tested=f'kill -9 to one of {WORKERS} workers at {done} random moments of {len(codes)} runs over '
        f'{_count(videos)} videos, {len(_hashes(expected))} parts each; every part compared with those of a run that '
        'was left alone',
        figure=f'exit codes {sorted(set(codes))}; {len(problems)} parts differ or are missing {problems[:3] or ""}',
        held=not problems and set(codes) == {0},
        guard='tests/workflows/test_embed_folder.py::test_a_worker_that_is_killed_costs_the_block_it_is_at',
    )


def killed_runs(videos: Path, folder: Path, expected: Path, runs: int) -> Finding:
    """SIGKILL the process that the workers belong to; run it again."""
    draw, again, problems, left = random.Random(2), [], [], 0
    for turn in range(runs):
        out, log = folder / f'run_{turn}', folder / f'run_{turn}.log'
        process = _begun(videos, out, log)
        wanted = draw.randint(1, max(1, len(_hashes(expected)) // 2))
        while process.poll() is None and len(list((out / 'parts').glob('*.parquet'))) < wanted:
            time.sleep(0.02)
        workers = _workers(process.pid)
        _killed(process.pid)
        process.wait()
        deadline = time.monotonic() + 20
        while any(Path(f'/proc/{worker}').exists() for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.02)
        left += sum(Path(f'/proc/{worker}').exists() for worker in workers)
        kept = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').glob('*.parquet')}
        run = embed_folder(videos, out, workers=0)
        again.append(run.written)
        now = {path.name: path.stat().st_mtime_ns for path in (out / 'parts').iterdir()}
        problems += [name for name, written in kept.items() if now[name] != written] + _differences(out, expected)
        problems += [] if run.skipped == len(kept) else [f'{run.skipped} of {len(kept)} finished parts kept']
    return Finding(
        promise='A run of `cmvl embed` that the system kills takes its workers along and keeps its finished parts; the '
        'same command completes the folder, no row is lost, none is there twice.',
        tested=f'kill -9 to the run at {runs} random moments, {_count(videos)} videos, {len(_hashes(expected))} parts; '
        'then again',
        figure=f'{again} parts left for the second run; {left} workers outlived it by 20 s; {len(problems)} parts '
        f'differ, are missing or were made twice {problems[:3] or ""}',
        held=not problems and not left,
    )


def _begun(videos: Path, out: Path, log: Path) -> subprocess.Popen:
    words = ['-m', 'cmvl_mm', 'embed', str(videos), '-o', f'{out}/', '--workers', str(WORKERS)]
    return start(words, log)


def _workers(pid: int) -> list[int]:
    """Without multiprocessing's own helper."""
    try:
        return [child for child in children(pid) if 'spawn_main' in Path(f'/proc/{child}/cmdline').read_text()]
    except OSError:  # ended meanwhile
        return []


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
