"""Run a script of the repository in a separate process, and lock the folder so that only one suite runs."""

import fcntl
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config, DictAction
from rows import REPOSITORY, WORK

from cmvl_mm.engine.config import load_config
from cmvl_mm.files.atomic import replace_text

_running: set[subprocess.Popen[bytes]] = set()
_stopping = threading.Event()
_beginning = threading.Lock()
GRACE = 15.0
"""Seconds for scripts to end by themselves: a terminal also sends them Ctrl-C, and a training ends after a step."""


def run(name: str, command: Sequence[str | int | Path], threads: int = 1, spent: Path | None = None) -> None:
    """Run a script; its output goes to a file, which is named if the script fails.

    Args:
        name: name of the file below work_dirs/evidence/logs.
        command: the script's path in the repository, and its arguments.
        threads: number of torch threads.
        spent: file with a number, to which the CPU seconds of the script and its workers are added.

    Raises:
        RuntimeError: the script failed, or the suite is being stopped.
    """
    words = [sys.executable, str(REPOSITORY / command[0]), *map(str, command[1:])]
    log = WORK / 'logs' / f'{name}.txt'
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('w') as out:
        print(f'$ {shlex.join(words)}', file=out, flush=True)
        environment = os.environ | {'OMP_NUM_THREADS': str(threads)}
        with _beginning:
            if _stopping.is_set():
                raise RuntimeError(f'{name} did not start: the suite is stopping')
            process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env=environment)
            _running.add(process)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        _running.discard(process)
    if spent is not None:
        add_seconds(spent, usage.ru_utime + usage.ru_stime)
    if process.returncode != 0:
        raise RuntimeError(f'{name} ended with exit code {process.returncode}; see {log}')


def stop_running() -> None:
    """Start no more scripts, and end running ones: after `GRACE` seconds with SIGTERM."""
    with _beginning:
        _stopping.set()
    end = time.monotonic() + GRACE
    while _running and time.monotonic() < end:
        time.sleep(0.1)
    for process in list(_running):
        process.terminate()


def allow_running() -> None:
    """Allow new scripts again after `stop_running`."""
    _stopping.clear()


def add_seconds(path: Path, seconds: float) -> None:
    """Add to the number in a file, which the first call makes: a resumed training continues its sum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, f'{read_seconds(path) + seconds:.3f}\n')


def read_seconds(path: Path) -> float:
    """The sum of `add_seconds`; 0 before the first call."""
    return float(path.read_text()) if path.exists() else 0.0


def keep_settings(work_dir: str | Path, settings: str) -> None:
    """Record the settings of a training, so that a stopped training resumes only with the same settings.

    Raises:
        RuntimeError: a training with other settings was started in this folder.
    """
    path = Path(work_dir) / 'settings.txt'
    if path.exists() and path.read_text() != settings:
        raise RuntimeError(
            f'{work_dir}: this folder has a training with other settings. Remedy: delete or move the folder.'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, settings)


@contextmanager
def alone() -> Iterator[None]:
    """Lock the work folder of the suite; a second suite ends with an error that names the folder."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / 'lock').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f'{WORK}: another suite runs here. Remedy: wait until it ends.')
        yield


def config_with(path: Path, options: Sequence[str]) -> Config:
    """The config with `--cfg-options` as a tool reads it."""
    parts = (option.split('=', 1) for option in options)
    return load_config(path, {key: DictAction._parse_iterable(value) for key, value in parts})


def with_options(options: list[str]) -> list[str]:
    """`--cfg-options`, if there are any."""
    return ['--cfg-options', *options] if options else []
