"""A script of the repository as a process of its own, and the lock that keeps suites apart."""

import fcntl
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config, DictAction
from rows import REPOSITORY, WORK

from cmvl_mm.engine.config import load_config
from cmvl_mm.files.atomic import replace_text


def run(name: str, command: Sequence[str | int | Path], threads: int = 1) -> None:
    """Run a script; its output goes to a file, which is named if it fails.

    Args:
        name: of the file below work_dirs/evidence/logs.
        command: the script's path in the repository, and its arguments.
        threads: of torch.

    Raises:
        RuntimeError: it failed.
    """
    words = [sys.executable, str(REPOSITORY / command[0]), *map(str, command[1:])]
    log = WORK / 'logs' / f'{name}.txt'
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open('w') as out:
        print(f'$ {shlex.join(words)}', file=out, flush=True)
        environment = os.environ | {'OMP_NUM_THREADS': str(threads)}
        outcome = subprocess.run(words, stdout=out, stderr=subprocess.STDOUT, env=environment, check=False)
    if outcome.returncode != 0:
        raise RuntimeError(f'{name} ended with exit code {outcome.returncode}; see {log}')


def keep_settings(work_dir: str | Path, settings: str) -> None:
    """Note what a training is begun with, so that a stopped one goes on with the same or not at all.

    Raises:
        RuntimeError: a training of other settings was begun in this folder.
    """
    path = Path(work_dir) / 'settings.txt'
    if path.exists() and path.read_text() != settings:
        raise RuntimeError(
            f'{work_dir}: a training of other settings was begun here. Remedy: delete or move this folder.'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_text(path, settings)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the folder of the suite's work: who finds it held ends, naming it."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / 'lock').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f'{WORK}: another suite runs here. Remedy: wait for its end.')
        yield


def config_with(path: Path, options: Sequence[str]) -> Config:
    """The settings that a tool reads from a config and `--cfg-options`."""
    parts = (option.split('=', 1) for option in options)
    return load_config(path, {key: DictAction._parse_iterable(value) for key, value in parts})


def with_options(options: list[str]) -> list[str]:
    """`--cfg-options`, if there are any."""
    return ['--cfg-options', *options] if options else []
