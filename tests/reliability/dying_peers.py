"""A killed data-loader worker ends a run with its last file; a killed rank is replaced, and the losses are the same."""

import os
import random
import re
import signal
import tempfile
import time
from pathlib import Path

from finding import Finding, Size
from short_run import command, difference, launch, make_videos, options, start, state
from signals import children, wait_for_iteration

WORKER_LIMIT = 60.0


def findings(size: Size) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        videos = make_videos(Path(folder) / 'set')
        ranks, runs = (2, 1) if size == 'light' else (4, 20)
        return [
            killed_workers(Path(folder), 1 if size == 'light' else 5),
            killed_ranks(videos, Path(folder), ranks, runs),
        ]


def killed_workers(folder: Path, runs: int) -> Finding:
    """SIGKILL one of two data-loader workers in the middle of a long epoch.

    A loader asks for four batches ahead, the demo's whole epoch: a worker that has read its last may die unnoticed.
    """
    videos = make_videos(folder / 'long_epoch', times=50)
    named, codes, slowest, draw = 0, set(), 0.0, random.Random(1)
    for turn in range(runs):
        log = folder / f'worker_{turn}.log'
        process = start(command(options(videos, folder / f'worker_{turn}', epochs=2, workers=2)), log)
        wait_for_iteration(process, log, 5)
        time.sleep(draw.uniform(0, 0.5))
        workers = children(process.pid)
        chosen = turn % 2
        begun = time.monotonic()
        os.kill(workers[chosen], signal.SIGKILL)
        codes.add(process.wait(timeout=120))
        slowest = max(slowest, time.monotonic() - begun)
        dead = rf'data-loader worker {chosen} \(process {workers[chosen]}\) died'
        words = rf'{dead}; its last video was videos/\d\.mp4.*Remedy'
        named += re.search(words, log.read_text()) is not None
    return Finding(
        promise='A data-loader worker that the system kills while it has videos to read ends the run within '
        f'{WORKER_LIMIT:.0f} s, with an error that names the worker and the video it was at.',
        tested=f'kill -9 to one of 2 workers, {runs} runs',
        figure=f'{named} of {runs} named; exit codes {sorted(codes)}; at most {slowest:.1f} s',
        held=named == runs and 0 not in codes and slowest < WORKER_LIMIT,
    )


def killed_ranks(videos: Path, folder: Path, ranks: int, runs: int) -> Finding:
    """SIGKILL one rank at a random moment; the job must end with the losses and weights of one that was left alone."""
    epochs = 8 * ranks
    last = 64  # iterations of a sample a rank, 8 videos: seconds, so that the kill comes between first save and end
    draw = random.Random(2)
    launch_ranks(videos, folder / 'undisturbed', ranks, epochs, None)
    expected = state(folder / 'undisturbed' / f'epoch_{epochs}.pth')
    recovered, problems, slowest = 0, [], 0.0
    for turn in range(runs):
        begun = time.monotonic()
        victim = draw.randrange(ranks), draw.randint(10, last // 2), draw.uniform(0, 0.5)
        code, printed = launch_ranks(videos, folder / f'rank_{turn}', ranks, epochs, victim)
        slowest = max(slowest, time.monotonic() - begun)
        if code == 0 and 'The run resumes after iteration' not in printed:
            problems.append(f'run {turn} was not resumed')
        elif code == 0:
            differs = difference(expected, state(folder / f'rank_{turn}' / f'epoch_{epochs}.pth'))
            problems += [] if differs is None else [f'run {turn}: {differs}']
            recovered += differs is None
        else:
            problems.append(f'run {turn}: exit code {code}, {printed[-500:]}')
    return Finding(
        promise='A rank that the system kills is started again with its peers by tools/dist_train.sh; the job resumes '
        'from its newest checkpoint and ends with the losses and weights of an undisturbed one.',
        tested=f'kill -9 to one of {ranks} ranks at a random moment, {runs} runs of {last} iterations; CPU, gloo',
        figure=f'{recovered} of {runs} recovered with the same bits, in {slowest:.0f} s at most'
        + ''.join(f'; {line}' for line in problems),
        held=recovered >= 0.95 * runs,
    )


def launch_ranks(
    videos: Path, work_dir: Path, ranks: int, epochs: int, victim: tuple[int, int, float] | None
) -> tuple[int, str]:
    """Train by tools/dist_train.sh; kill the victim: a rank, after so many iterations, and seconds later still.

    Returns:
        The exit code, and what was printed.
    """
    log = work_dir.with_suffix('.log')
    process = launch(options(videos, work_dir, batch=1, epochs=epochs, keep=2, by_epoch=True), ranks, log)
    if victim is not None:
        rank, iteration, later = victim
        wait_for_iteration(process, log, iteration)
        time.sleep(later)
        os.kill(children(process.pid)[rank], signal.SIGKILL)
    return process.wait(timeout=300), log.read_text()
