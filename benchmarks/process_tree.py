"""Measure a command and all processes that it starts: wall time, CPU time and peak memory."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.2  # seconds between samples; the time of a process after its last sample is not counted
_PAGES = 1.0  # seconds between samples of all pages, which take system time
_TICK = os.sysconf('SC_CLK_TCK')
MB = 2**20


@dataclass(frozen=True)
class Taken:
    """Resources of a command that succeeded."""

    wall: float
    cpu: float
    """CPU seconds of all processes."""
    main: int
    """Peak bytes of the command's own process, including shared pages."""
    largest: int
    """Peak bytes of the largest other process; 0 without other processes."""
    together: int
    """Peak bytes of all processes together; each shared page counts once."""


def taken_by(words: Sequence[str], environment: Mapping[str, str], log: Path) -> Taken:
    """Run a command.

    Args:
        words: the command.
        environment: environment of the command.
        log: file for its output.

    Raises:
        RuntimeError: the command failed; with the end of the log.
    """
    begun = time.perf_counter()
    seconds: dict[int, float] = {}
    peaks: dict[int, int] = {}
    together, looked = 0, begun
    with log.open('w') as file:
        process = subprocess.Popen(words, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                held, now = 0, time.perf_counter()
                with_pages = now - looked >= _PAGES
                looked = now if with_pages else looked
                for pid in [process.pid, *_descendants(process.pid)]:
                    try:
                        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
                        seconds[pid] = (int(fields[11]) + int(fields[12])) / _TICK
                        peak = _bytes(Path(f'/proc/{pid}/status'), 'VmHWM')  # counts its own program, not its parent's
                        peaks[pid] = peak or peaks.get(pid, 0)  # an ended process that was not waited for has no value
                        held += _bytes(Path(f'/proc/{pid}/smaps_rollup'), 'Pss') if with_pages else 0
                    except OSError:  # the process ended meanwhile
                        continue
                together = max(together, held)
                time.sleep(_PAUSE)
        except BaseException:  # also Ctrl-C
            _kill([process.pid, *_descendants(process.pid)])
            process.wait()
            raise
    wall = time.perf_counter() - begun
    if process.returncode != 0:
        raise RuntimeError(f'{" ".join(words)}: exit code {process.returncode}: {log.read_text()[-2000:]}')
    others = [peak for pid, peak in peaks.items() if pid != process.pid]
    return Taken(wall, sum(seconds.values()), peaks.get(process.pid, 0), max(others, default=0), together)


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(word) for word in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]
    except OSError:
        return []
    return children + [one for child in children for one in _descendants(child)]


def _bytes(path: Path, name: str) -> int:
    """Bytes from a line 'Name:  123 kB'; 0 for a process that has ended."""
    for line in path.read_text().splitlines():
        if line.startswith(f'{name}:'):
            return int(line.split()[1]) * 1024
    return 0
