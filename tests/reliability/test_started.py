"""A check that fails leaves no process behind, also none that has left the group of its launcher."""

import os
import time
from pathlib import Path

import pytest
from short_run import start
from signals import wait_for_iteration
from started import ending_what_it_starts

LAUNCHER = """
import subprocess, sys, time
words = [sys.executable, '-c', 'import time; time.sleep(600)']
ranks = [subprocess.Popen(words), subprocess.Popen(words, start_new_session=True)]
print(*(rank.pid for rank in ranks), flush=True)
time.sleep(600)
"""


def lives(pid):
    try:
        return Path(f'/proc/{pid}/cmdline').read_text() != ''
    except OSError:
        return False


@pytest.mark.parametrize('killed', [False, True], ids=['launcher_lives', 'launcher_was_killed'])
def test_a_check_that_fails_ends_what_it_has_started(tmp_path, killed):
    log, until = tmp_path / 'log.txt', time.monotonic() + 120

    def check():
        with ending_what_it_starts():
            process = start(['-c', LAUNCHER], log)
            while len(log.read_text().split()) < 2 and time.monotonic() < until:
                time.sleep(0.02)
            pids.extend([process.pid, *map(int, log.read_text().split())])
            assert all(map(lives, pids))
            if killed:
                os.kill(process.pid, 9)
                process.wait()
            wait_for_iteration(process, log, 1, seconds=0.1)

    pids = []
    with pytest.raises(RuntimeError, match='no 1 iterations'):
        check()
    assert len(pids) == 3
    assert not any(map(lives, pids))
