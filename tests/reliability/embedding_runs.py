"""How runs of `cmvl embed -o FOLDER/` are begun and killed, and how their folders are compared."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from short_run import start
from signals import children

from cmvl_mm.clip_search.stored_rows import read_embeddings

WORKERS = 2
PATIENCE = 900.0  # seconds; beside other work


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


def begun(engine: Engine, videos: Path, out: Path, log: Path, *more: str) -> subprocess.Popen:
    words = ['-m', 'cmvl_mm', 'embed', str(videos), '-o', f'{out}/', '--workers', str(WORKERS), *engine.words, *more]
    return start(words, log)


def workers_of(engine: Engine, pid: int) -> list[int]:
    return [other for other in descendants_of(pid) if engine.is_worker(command_of(other))]


def descendants_of(pid: int) -> list[int]:
    """Children, their children, and so on."""
    try:
        found = children(pid)
    except OSError:  # ended meanwhile
        return []
    return found + [one for child in found for one in descendants_of(child)]


def command_of(pid: int) -> str:
    try:
        return Path(f'/proc/{pid}/cmdline').read_text()
    except OSError:  # ended meanwhile
        return ''


def lives(pid: int) -> bool:
    """A process that nobody has waited for yet, and that has ended, has no command line."""
    return command_of(pid) != ''


def kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def copied(videos: Path, folder: Path, copies: int) -> Path:
    """The same files under many names."""
    folder.mkdir()
    for path in videos.iterdir():
        for number in range(copies):
            os.link(path, folder / f'{path.stem}_{number}{path.suffix}')
    return folder


def number_of(videos: Path) -> int:
    return len(list(videos.iterdir()))


def hashes_of(out: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (out / 'parts').iterdir()}


def finished_parts(out: Path) -> int:
    return len(list((out / 'parts').glob('*.parquet')))


def blocks_of(out: Path) -> list[list[str]]:
    """The videos of each part, in the order in which they are read."""
    parts = sorted((out / 'parts').iterdir())
    return [list(dict.fromkeys(pq.read_table(part, columns=['path'])['path'].to_pylist())) for part in parts]


def differences(out: Path, expected: Path) -> list[str]:
    """Parts that are not those of the undisturbed run; and rows, by their number."""
    there, wanted = hashes_of(out), hashes_of(expected)
    found = [name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name)]
    if not found and not np.array_equal(read_embeddings(out).paths, read_embeddings(expected).paths):
        found.append('the rows')
    return found
