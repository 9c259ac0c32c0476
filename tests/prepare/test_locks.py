"""Claims hold between processes, end with them, and a file system without locks is said, not believed."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time

import pytest

from cmvl_mm.prepare.locks import claim, wait_for_any

HOLDER = """
import sys
from pathlib import Path
from cmvl_mm.prepare.locks import claim
with claim(Path(sys.argv[1]), sys.argv[2]) as state:
    print(state, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def hold(repository, tmp_path):
    """Name -> a process that holds it."""
    started = []

    def start(name):
        process = subprocess.Popen(
            [sys.executable, '-c', HOLDER, str(tmp_path), name],
            env=os.environ | {'PYTHONPATH': str(repository)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout.readline() == 'mine\n'
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def state_of(folder, name):
    with claim(folder, name) as state:
        return state


def test_a_name_is_held_by_one_process_until_that_ends(hold, tmp_path):
    process = hold('walk/é \u202f.mp4')
    assert state_of(tmp_path, 'walk/é \u202f.mp4') == 'taken'
    assert state_of(tmp_path, './walk//é \u202f.mp4') == 'taken'
    assert state_of(tmp_path, 'walk/other.mp4') == 'mine'
    process.kill()
    process.wait()
    assert state_of(tmp_path, 'walk/é \u202f.mp4') == 'mine'
    assert state_of(tmp_path, 'walk/é \u202f.mp4') == 'mine'  # released at the end of the block


def test_waiting_ends_when_one_of_the_names_is_free(hold, tmp_path):
    first, _ = hold('a.mp4'), hold('b.mp4')
    begin = time.monotonic()
    threading.Timer(0.5, lambda: first.stdin.write('\n') and first.stdin.flush()).start()
    waiting = threading.Thread(target=wait_for_any, args=(tmp_path, ['a.mp4', 'b.mp4']), daemon=True)
    waiting.start()
    waiting.join(timeout=10)
    assert not waiting.is_alive()
    assert time.monotonic() - begin > 0.4


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(fcntl, 'lockf', refuse)
    assert state_of(tmp_path, 'a.mp4') == 'no locks'
