"""Processes that checks start, and all that these start in turn: none of them outlives its check, whatever goes wrong.

A launcher gives each of its ranks a session of its own, and what a killed launcher leaves has no parent to be found by.
What all of them have is an environment that they inherit.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from subprocess import Popen

_NAME = 'CMVL_MM_CHECK'
_TOKEN = os.environ.get(_NAME, token_hex(16))  # of the check that started this process, if one did
_PATIENCE = 20.0  # seconds
_started: list[Popen] = []

MARK = {_NAME: _TOKEN}
"""In the environment of what is started."""


def note(process: Popen) -> Popen:
    """A process that was started with `MARK`, to be waited for when it was ended."""
    _started.append(process)
    return process


@contextmanager
def ending_what_it_starts() -> Iterator[None]:
    """When the block ends, well or not, everything that was started in it is killed.

    Raises:
        RuntimeError: something could not be.
    """
    try:
        yield
    finally:
        end_all_with(MARK)
        while _started:
            _started.pop().wait()


def end_all_with(variables: Mapping[str, str]) -> None:
    """Kill every process that has these variables in its environment.

    Raises:
        RuntimeError: one could not be killed.
    """
    until = time.monotonic() + _PATIENCE
    while left := processes_with(variables):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > until:
            raise RuntimeError(f'processes {left} of a check could not be killed')
        time.sleep(0.02)


def processes_with(variables: Mapping[str, str]) -> list[int]:
    """Other processes that were started with these variables; one that has ended has no environment."""
    found, wanted = [], {f'{name}={value}'.encode() for name, value in variables.items()}
    for folder in Path('/proc').glob('[0-9]*'):
        with suppress(OSError):  # ended meanwhile, or somebody else's
            if wanted <= set((folder / 'environ').read_bytes().split(b'\0')) and int(folder.name) != os.getpid():
                found.append(int(folder.name))
    return found
