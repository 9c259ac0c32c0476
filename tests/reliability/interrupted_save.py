"""kill -9 inside a save, a full disk and a read-only folder leave a checkpoint that the run resumes from."""

import json
import multiprocessing
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from finding import Finding, Size
from heavy_state import Step, runner
from short_run import REPOSITORY

from cmvl_mm.checkpoints.durable import POINTER, SIDECAR, TEMPORARY
from cmvl_mm.checkpoints.newest import newest_valid
from cmvl_mm.checkpoints.pretrained import read_checkpoint
from cmvl_mm.engine import checkpoint_hook


def findings(size: Size) -> list[Finding]:
    kills, megabytes = (4, 8) if size == 'light' else (50, 64)
    with tempfile.TemporaryDirectory() as folder:
        killed = killed_in_saves(Path(folder) / 'killed', kills, megabytes)
        return [killed, *failing_disks(Path(folder))]


def killed_in_saves(folder: Path, kills: int, megabytes: float) -> Finding:
    """Train, kill at a random moment of a save, look at the folder, resume; until `kills` fell inside a save."""
    draw = random.Random(5)
    states, lost, cycles, longest = Counter(), [], 0, 0.1
    fork = multiprocessing.get_context('fork')
    while sum(states.values()) < kills and cycles < 10 * kills:
        cycles += 1
        ours, theirs = fork.Pipe(duplex=False)
        process = fork.Process(target=save_for_ever, args=(folder, megabytes, theirs))
        process.start()
        theirs.close()
        begun, saved, longest = watch_saves(ours, draw.randint(1, 3), longest)
        time.sleep(max(0.0, begun + draw.uniform(0, longest) - time.monotonic()))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while ours.poll():
            try:
                kind, step = ours.recv()
            except EOFError:
                break
            saved, begun = (step, 0.0) if kind == 'saved' else (saved, begun)
        if begun:  # else the save had ended before the kill
            states[left_behind(folder)] += 1
        problem = problem_with(folder, saved)
        lost += [] if problem is None else [problem]
    inside = sum(states.values())
    return Finding(
        promise='A process killed while it saves leaves a valid checkpoint, at most one save old, and resumes from it.',
        tested=f'kill -9 at {inside} random moments inside a save of {megabytes} MB, one checkpoint kept; each time '
        'the files are looked at, and the next process resumes',
        figure=f'{inside - len(lost)} of {inside} left a valid one; the kills left '
        + ', '.join(f'{what} ({count} x)' for what, count in states.most_common())
        + ''.join(f'; {line}' for line in lost),
        held=not lost and inside >= kills,
    )


def save_for_ever(folder: Path, megabytes: float, report: Connection) -> None:
    """The process that is killed: resumes, trains, and says when each save begins and ends."""
    write = checkpoint_hook.write_checkpoint

    def announced(data: bytes, path: Path) -> None:
        step = int(re.search(r'\d+', path.name)[0])  # type: ignore[index]
        report.send(('begins', step))
        write(data, path)
        report.send(('saved', step))

    checkpoint_hook.write_checkpoint = announced
    with folder.with_suffix('.log').open('w') as log:
        sys.stdout = sys.stderr = log
        runner(folder, megabytes, resume=True).train()


def watch_saves(report: Connection, number: int, longest: float) -> tuple[float, int, float]:
    """Wait for the beginning of the `number`-th save.

    Returns:
        When it began, the last step saved before it (0 if none), and the longest save so far, in seconds.
    """
    saved, begun = 0, 0.0
    for _ in range(2 * number - 1):
        kind, step = report.recv()
        if kind == 'begins':
            begun = time.monotonic()
        else:
            saved, longest = step, max(0.02, time.monotonic() - begun)
    return begun, saved, longest


def left_behind(folder: Path) -> str:
    """What a kill inside a save leaves, in words."""
    names = {path.name for path in folder.iterdir()}
    data = {name for name in names if name.endswith('.pth')}
    if f'{(folder / POINTER).read_text()}'.rsplit('/', 1)[-1] not in data if POINTER in names else False:
        return f'a {POINTER} without its file'
    if any(name.endswith(SIDECAR) and name.removesuffix(SIDECAR) not in data for name in names):
        return 'a digest without data'
    if any(name.endswith(TEMPORARY) for name in names):
        return 'a temporary file'
    return 'nothing unfinished'


def problem_with(folder: Path, saved: int) -> str | None:
    """None if the newest valid checkpoint loads and is not older than the last one that was reported as saved."""
    path, skipped = newest_valid(folder)
    if path is None:
        return None if saved == 0 else f'no valid checkpoint after step {saved}: {skipped}'
    held = read_checkpoint(path)['meta']['iter']
    return None if held >= saved else f'{path.name} is older than step {saved}'


def failing_disks(folder: Path) -> list[Finding]:
    """In a process with mounts of its own: a small disk that fills up, then the same disk without write access."""
    words = [sys.executable, __file__, str(folder)]
    environment = os.environ | dict(PYTHONPATH=str(REPOSITORY), PYTHONWARNINGS='ignore')
    alone = subprocess.run(['unshare', '-Urm', 'true'], capture_output=True, check=False).returncode == 0
    outcome = subprocess.run(
        [*(['unshare', '-Urm'] if alone else []), *words, *(['--mount'] if alone else [])],
        capture_output=True, text=True, env=environment, timeout=300, check=False,
    )  # fmt: skip
    if outcome.returncode != 0:
        raise RuntimeError(f'{words}: {outcome.stdout[-1000:]}{outcome.stderr[-3000:]}')
    seen = json.loads(outcome.stdout.splitlines()[-1])
    logged = re.search(r'\S*/(iter_3\.pth: .*)', outcome.stdout)  # the log's file is on the full disk, too
    seen['logged'] = 'nothing' if logged is None else logged[1]
    disk = 'a tmpfs of 8 MB' if alone else 'a limit of 1 MB on files (ulimit -f)'
    return [
        Finding(
            promise='A full disk gives an error with path, reason and remedy; training continues, the last checkpoint '
            'stays valid, nothing temporary is left; a save that nothing follows ends the run.',
            tested=f'{disk}, a state of 3 MB, a file that takes the rest of the disk after step 2; the log and '
            'the curves of the recipes, a row after each step',
            figure=f'log: "{seen["logged"]}"; steps done {seen["steps"]}; valid: {seen["valid"]}; '
            f'left: {", ".join(seen["left"])}; at the end: {seen["raised"]}; resumed with room: {seen["resumed"]}',
            held=seen['steps'] == 6
            and seen['valid'] == 'iter_2.pth'
            and not any(name.endswith(TEMPORARY) for name in seen['left'])
            and all(word in seen['logged'] for word in ('iter_3.pth', 'Remedy', 'Training continues'))
            and seen['raised'] == 'CheckpointWriteError'
            and seen['resumed'] == 6,
        ),
        Finding(
            promise='A run whose folder cannot be written to does not begin, and says so with path, reason and remedy.',
            tested='the same folder mounted read-only' if alone else 'a folder without write permission',
            figure=f'"{seen["read_only"]}"; valid: {seen["valid_then"]}',
            held='Remedy' in seen['read_only'] and seen['valid_then'] == seen['valid_before'],
        ),
    ]


def fail_on_disks(folder: Path, mount: bool) -> dict[str, Any]:
    """Fill a disk under a run, free it and resume, forbid writing; what was seen of each."""
    disk = folder / 'disk'
    disk.mkdir()
    if mount:
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'small', str(disk)], check=True)
    work_dir, ballast, steps = disk / 'run', disk / 'ballast', []

    def fill(step: int) -> None:
        steps.append(step)
        if step == 3 and mount:
            free = os.statvfs(disk)
            ballast.write_bytes(bytes(free.f_bavail * free.f_frsize))
        elif step == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))

    seen: dict[str, Any] = dict(raised='nothing')
    made = runner(work_dir, 3, epochs=3)
    made.register_hook(Step(fill))
    try:
        made.train()
    except OSError as error:
        seen['raised'] = type(error).__name__
    seen['steps'], seen['valid'] = len(steps), getattr(newest_valid(work_dir)[0], 'name', 'none')
    seen['left'] = sorted(path.name for path in work_dir.iterdir() if path.is_file())
    ballast.unlink(missing_ok=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    resumed = runner(work_dir, 3, epochs=3, resume=True)
    resumed.train()
    seen['resumed'], seen['valid_before'] = resumed.iter, newest_valid(work_dir)[0].name  # type: ignore[union-attr]
    seen['read_only'] = forbidden(work_dir, mount)
    seen['valid_then'] = getattr(newest_valid(work_dir)[0], 'name', 'none')
    return seen


def forbidden(work_dir: Path, mount: bool) -> str:
    seen_as = work_dir
    if mount:
        seen_as = work_dir.parents[1] / 'read_only'
        seen_as.mkdir()
        subprocess.run(['mount', '--bind', str(work_dir), str(seen_as)], check=True)
        subprocess.run(['mount', '-o', 'remount,bind,ro', str(seen_as)], check=True)
    else:
        work_dir.chmod(0o555)
        if os.geteuid() == 0:
            os.seteuid(65534)
    begun = SimpleNamespace(work_dir=str(seen_as), optim_wrapper=SimpleNamespace(_accumulative_counts=1))
    try:
        checkpoint_hook.AtomicCheckpointHook().before_train(begun)
    except OSError as error:
        return str(error).replace(str(seen_as), 'WORK_DIR')
    return 'no error'


if __name__ == '__main__':
    print(json.dumps(fail_on_disks(Path(sys.argv[1]), mount='--mount' in sys.argv)))
