"""Training for a long time: memory, file descriptors and threads stay, and a killed run leaves nothing behind."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from finding import Finding, Size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from short_run import VIDEOS, config, make_videos, options, start
from signals import children

from cmvl_mm.engine.launch import runner_from

MEBIBYTE = 2**20
WARM_UP = 0.3  # of the run: caches fill and the allocator finds its size
WORKERS = 2
END_SECONDS = 30  # torch's workers look every 5 s whether their parent is alive


class Amount(NamedTuple):
    """How long a run is, and how much memory may grow."""

    videos: int
    epochs: int
    limit: float
    """MiB per 1,000 samples."""


AMOUNTS: dict[Size, Amount] = {'light': Amount(40, 10, 40.0), 'heavy': Amount(200, 50, 1.0)}
"""The light limit is above the noise of a short run: steps of up to 5 MB were seen among some 300 samples."""


def findings(size: Size) -> list[Finding]:
    amount = AMOUNTS[size]
    with TemporaryDirectory(prefix='soak') as name:
        folder = Path(name)
        videos = make_videos(folder / 'videos')
        grown = finish(*start_in(folder / 'long', videos, amount, {}))
        left = kill_and_look(folder / 'killed', videos)
    return [memory(grown, amount), handles(grown, amount), killed(left)]


def options_for(folder: Path, videos: Path, amount: Amount) -> dict[str, Any]:
    """A short run on a list that names the videos in turn, with a checkpoint after each epoch."""
    folder.mkdir()
    (folder / 'list.txt').write_text(''.join(f'videos/{number % VIDEOS}.mp4 0\n' for number in range(amount.videos)))
    chosen = options(
        videos, folder / 'work', epochs=amount.epochs, batch=4, workers=WORKERS, persistent=True, by_epoch=True
    )
    return chosen | {
        'train_dataloader.dataset.ann_file': str(folder / 'list.txt'),
        'param_scheduler.0.begin': amount.epochs // 2,
        'auto_scale_lr.enable': False,
    }


def finish(process: subprocess.Popen, readings: Path) -> np.ndarray:
    """Wait for the end of a run.

    Returns:
        (epochs, 1 + workers, 4) of samples, bytes, descriptors and threads; row 0 is the main process.
    """
    if process.wait():
        raise RuntimeError(f'the run failed:\n{readings.with_name("log.txt").read_text()[-3000:]}')
    epochs = json.loads(readings.read_text())
    return np.array([[[samples, *one] for one in (main, *workers)] for samples, main, workers in epochs])


def start_in(folder: Path, videos: Path, amount: Amount, changes: dict[str, Any]) -> tuple[subprocess.Popen, Path]:
    """A run that is watched, and the file of its readings."""
    chosen, readings = options_for(folder, videos, amount) | changes, folder / 'watch.json'
    (folder / 'options.json').write_text(json.dumps(chosen))
    return start([__file__, str(readings), str(folder / 'options.json')], folder / 'log.txt'), readings


class Watch(Hook):
    """Reads what the run and its workers hold after each epoch, when all its batches have come."""

    def __init__(self, path: Path) -> None:
        self.path, self.readings = path, []

    def after_train_epoch(self, runner: Runner) -> None:
        workers = sorted(child.pid or 0 for child in multiprocessing.active_children())
        samples = (runner.epoch + 1) * len(runner.train_dataloader) * runner.train_dataloader.batch_size
        self.readings.append((samples, held(os.getpid()), [held(pid) for pid in workers]))
        self.path.write_text(json.dumps(self.readings))


def held(pid: int) -> tuple[int, int, int]:
    """Resident memory in bytes, file descriptors and threads of a living process."""
    status = dict(line.split(':', 1) for line in Path(f'/proc/{pid}/status').read_text().splitlines())
    return int(status['VmRSS'].split()[0]) * 1024, len(os.listdir(f'/proc/{pid}/fd')), int(status['Threads'])


def train_watched(readings: Path, chosen: dict[str, Any]) -> None:
    made = config(chosen, launcher='none')
    runner = runner_from(made)
    runner.register_hook(Watch(readings), priority='VERY_LOW')
    runner.train()


def growth(readings: np.ndarray) -> np.ndarray:
    """MiB per 1,000 samples of each process: the slope of a line through what comes after the warm-up."""
    settled = readings[int(WARM_UP * len(readings)) :]
    return np.array([np.polyfit(one[:, 0] / 1000, one[:, 1] / MEBIBYTE, 1)[0] for one in settled.swapaxes(0, 1)])


def spread(readings: np.ndarray) -> np.ndarray:
    """(1 + workers, 2): by how much descriptors and threads differ between epochs after the warm-up."""
    return np.ptp(readings[int(WARM_UP * len(readings)) :, :, 2:], axis=0)


def memory(readings: np.ndarray, amount: Amount) -> Finding:
    main, *workers = growth(readings)
    return Finding(
        promise=f'Resident memory grows by less than {amount.limit:g} MB per 1,000 samples, in workers too.',
        tested=f'{int(readings[-1, 0, 0]):,} samples in {amount.epochs} epochs, {WORKERS} workers that persist; '
        f'a line through the readings after each epoch, the first {WARM_UP:.0%} left out',
        figure=f'main {main:+.2f}, workers {" and ".join(f"{one:+.2f}" for one in workers)} MB per 1,000 samples; '
        f'main at most {readings[:, 0, 1].max() / MEBIBYTE:.0f} MB',
        held=bool(max(main, *workers) < amount.limit),
    )


def handles(readings: np.ndarray, amount: Amount) -> Finding:
    descriptors, threads = spread(readings).max(axis=0).tolist()
    return Finding(
        promise='The numbers of open files and of threads stay what they are.',
        tested=f'the same run: after each of {amount.epochs} epochs, in every process',
        figure=f'open files differ by {descriptors}, threads by {threads} between epochs; '
        f'main {readings[-1, 0, 2]} files and {readings[-1, 0, 3]} threads',
        held=not descriptors and not threads,
    )


def kill_and_look(folder: Path, videos: Path) -> tuple[set[str], list[int], float]:
    """Kill the main process at work, with SIGKILL.

    Returns:
        What it left in /dev/shm and no living process holds; workers that still live; seconds until neither was left.
    """
    before = set(os.listdir('/dev/shm'))
    process, readings = start_in(folder, videos, Amount(40, 1000, 1.0), {})
    wait_for(readings.exists, 120)
    time.sleep(0.5)  # into the next epoch
    workers = children(process.pid)
    if not workers:
        raise RuntimeError(f'no workers to look at:\n{(folder / "log.txt").read_text()[-3000:]}')
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = time.monotonic()

    def left() -> tuple[set[str], list[int]]:
        return unheld(set(os.listdir('/dev/shm')) - before), [pid for pid in workers if is_alive(pid)]

    wait_for(lambda: not any(left()), END_SECONDS)
    files, alive = left()
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    return files, alive, time.monotonic() - begun


def killed(left: tuple[set[str], list[int], float]) -> Finding:
    files, alive, seconds = left
    return Finding(
        promise='A training process killed with SIGKILL leaves no worker and nothing in /dev/shm.',
        tested=f'one run with {WORKERS} workers, killed in the middle of an epoch; looked at for {END_SECONDS} s',
        figure=f'{len(alive)} workers and {len(files)} files left after {seconds:.0f} s',
        held=not files and not alive,
    )


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)


def is_alive(pid: int) -> bool:
    """Whether a process is there, and is more than an entry that nobody has waited for."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def unheld(names: Iterable[str]) -> set[str]:
    """Of these files of /dev/shm, those that no living process has mapped or open."""
    used: set[str] = set()
    for process in Path('/proc').glob('[0-9]*'):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            used |= {line.split(maxsplit=5)[-1] for line in (process / 'maps').read_text().splitlines()}
            for link in os.listdir(process / 'fd'):
                with suppress(OSError):  # closed meanwhile, as the one that lists them is
                    used.add(os.readlink(process / 'fd' / link))
    return {name for name in names if f'/dev/shm/{name}' not in used}


if __name__ == '__main__':
    train_watched(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()))
