"""Each item comes out exactly once, whatever dies and whenever."""

import operator
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from cmvl_mm.prepare import process_pool
from cmvl_mm.prepare.process_pool import WorkersCannotStart, in_processes


class ScriptedPool:
    """A pool in this process: an item called 'deadly' breaks it, and each n-th submission finds it broken."""

    period = 0
    submitted = 0
    starts = True

    def __init__(self, slots, context, initializer):
        assert slots == 1
        self.broken = False

    def submit(self, task, *item):
        type(self).submitted += bool(item)
        if self.broken or (item and self.period and self.submitted % self.period == 0):
            self.broken = True
            raise BrokenProcessPool('a process died between two items')
        future = Future()
        if item == ('deadly',) or not self.starts:
            self.broken = True
            future.set_exception(BrokenProcessPool('a process died'))
        else:
            future.set_result(task(*item))
        return future

    def shutdown(self, cancel_futures=False):
        self.broken = True


@pytest.mark.parametrize('period', [0, 3, 4, 5, 7])
@pytest.mark.parametrize('workers', [1, 2, 3, 8])
def test_a_pool_that_breaks_at_any_submission_loses_nothing(monkeypatch, period, workers):
    monkeypatch.setattr(process_pool, 'ProcessPoolExecutor', ScriptedPool)
    monkeypatch.setattr(ScriptedPool, 'period', period)
    monkeypatch.setattr(ScriptedPool, 'submitted', 0)
    items = ['a', 'deadly', *'bcdef', 'deadly', *'ghij']
    outcomes = list(in_processes(str.upper, items, workers))
    assert Counter(outcomes) == Counter((item, None if item == 'deadly' else item.upper()) for item in items)


def test_items_are_taken_when_a_worker_is_free(monkeypatch):
    """Of a list of millions, no more than the workers have at hand is made."""
    monkeypatch.setattr(process_pool, 'ProcessPoolExecutor', ScriptedPool)
    taken = 0

    def items():
        nonlocal taken
        for number in range(100):
            taken += 1
            yield str(number)

    ahead = [taken - done for done, _ in enumerate(in_processes(str.upper, items(), 3))]
    assert len(ahead) == 100
    assert max(ahead) <= 2 * 3


def test_processes_that_do_not_start_and_errors_of_the_task_blame_no_item(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        list(in_processes(operator.call, [partial(divmod, 1, 0)], 1))
    monkeypatch.setattr(process_pool, 'ProcessPoolExecutor', ScriptedPool)
    monkeypatch.setattr(ScriptedPool, 'starts', False)
    with pytest.raises(WorkersCannotStart):
        list(in_processes(str.upper, 'abc', 2))


def test_a_script_without_a_main_guard_gets_one_error_that_says_so(repository, tmp_path):
    script = tmp_path / 'plain.py'
    script.write_text(
        'from cmvl_mm.prepare.process_pool import in_processes\nprint(list(in_processes(str, "ab", 2)))\n'
    )
    environment = os.environ | {'PYTHONPATH': str(repository)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count('Traceback') == 1
    assert 'Remedy: in a script, put the call under "if __name__' in done.stderr.splitlines()[-1]
    frames = [line for line in done.stderr.splitlines() if line.lstrip().startswith('File "')]
    assert len(frames) < 6, done.stderr  # without the frames of the processes' own start


@pytest.mark.slow
def test_many_real_deaths_lose_nothing_and_blame_nobody_else():
    items = [partial(os._exit, 1) if number % 4 == 0 else partial(pow, 2, number) for number in range(20)]
    outcomes = list(in_processes(operator.call, items, 2))
    assert Counter(item for item, _ in outcomes) == Counter(items)
    assert dict(outcomes) == {item: None if item.func is os._exit else item() for item in items}


def test_workers_end_with_their_parent(repository, tmp_path):
    code = (
        'import operator, os, time\n'
        'from functools import partial\n'
        'from cmvl_mm.prepare.process_pool import in_processes\n'
        'if __name__ == "__main__":\n'
        '    for _, pid in in_processes(operator.call, [os.getpid, partial(time.sleep, 600)], 1):\n'
        '        print(pid, flush=True)\n'
    )
    (tmp_path / 'parent.py').write_text(code)
    words = [sys.executable, tmp_path / 'parent.py']
    with subprocess.Popen(words, env=os.environ | {'PYTHONPATH': str(repository)}, stdout=subprocess.PIPE) as parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(worker)


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
