"""The first signal is noted, the second one ends the process even inside C, and ranks agree."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch.distributed as dist

from cmvl_mm.engine.checkpoint_hook import AtomicCheckpointHook
from cmvl_mm.engine.loop import ResumableEpochLoop
from cmvl_mm.engine.signals import Agreement, StopSignals, exit_code


def wait_until(condition, seconds=10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize(('number', 'code'), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_noted_and_handlers_come_back(number, code):
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    with StopSignals() as signals:
        signals.find_dead_workers_late()
        assert signals.received is None
        os.kill(os.getpid(), number)
        wait_until(lambda: signals.received is not None)
    assert signals.received == number
    assert exit_code(signals.received) == code
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)] == before


def test_in_another_thread_nothing_is_changed():
    """Training from a notebook's or a server's thread works; Python lets only the main thread handle signals."""
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    seen = []

    def work():
        with StopSignals() as signals:
            signals.find_dead_workers_late()
            seen.append([signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)])
            seen.append(signals.received)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, None]


def test_two_signals_within_a_moment_are_one_request():
    """torchrun passes on what the scheduler has sent to its children as well."""
    with StopSignals() as signals:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
    assert signals.received == signal.SIGTERM


STUCK = """
import ctypes
from cmvl_mm.engine.signals import StopSignals
mutex = ctypes.create_string_buffer(64)
lock = ctypes.CDLL(None).pthread_mutex_lock
with StopSignals():
    lock(mutex)
    print('stuck', flush=True)
    lock(mutex)  # for ever, and no handler of Python's runs
"""


@pytest.mark.slow
def test_a_second_signal_ends_a_process_that_is_stuck_in_c(repository):
    environment = os.environ | dict(PYTHONPATH=str(repository), PYTHONWARNINGS='ignore')
    with subprocess.Popen([sys.executable, '-c', STUCK], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b'stuck\n'
        try:
            process.send_signal(signal.SIGTERM)
            time.sleep(1.5)
            assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) == 143
        finally:
            process.kill()


LEAVING = """
import atexit, multiprocessing, os, signal, time
from cmvl_mm.engine.signals import end_rank

atexit.register(os.kill, os.getpid(), signal.SIGTERM)  # as torchrun does when another rank has gone
worker = multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,), daemon=True)
worker.start()
print(worker.pid)  # into a buffer, which has to be written
end_rank(143)
"""


@pytest.mark.slow
def test_a_rank_ends_with_its_own_exit_code_its_output_and_its_workers(repository):
    environment = os.environ | dict(PYTHONPATH=str(repository), PYTHONWARNINGS='ignore')
    command = [sys.executable, '-c', LEAVING]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False, timeout=30)
    assert run.returncode == 143
    worker = int(run.stdout)
    wait_until(lambda: not os.path.exists(f'/proc/{worker}') or state_of(worker) == 'Z')


def state_of(pid: int) -> str:
    """'Z' of a process that has ended."""
    return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]


def agreed_by(rank: int, address: str, numbers: list[int | None], found) -> None:
    dist.init_process_group('gloo', init_method=address, rank=rank, world_size=len(numbers))
    agreement = Agreement()
    found.put(([agreement.on(None), agreement.on(numbers[rank])], rank))
    dist.destroy_process_group()


def test_ranks_agree_on_a_signal_that_one_of_them_has(tmp_path):
    fork = multiprocessing.get_context('fork')
    found = fork.Queue()
    numbers = [None, signal.SIGTERM.value]
    ranks = [fork.Process(target=agreed_by, args=(r, f'file://{tmp_path}/store', numbers, found)) for r in range(2)]
    for rank in ranks:
        rank.start()
    seen = [found.get(timeout=30) for _ in ranks]
    for rank in ranks:
        rank.join(timeout=30)
    assert sorted(rank for _, rank in seen) == [0, 1]
    assert all(answers == [None, signal.SIGTERM] for answers, _ in seen)


def test_one_process_agrees_with_itself():
    assert Agreement().on(None) is None
    assert Agreement().on(15) == 15


@pytest.mark.parametrize(('saves', 'said'), [(True, 'is saved. Repeat the command'), (False, 'no checkpoint is saved')])
def test_a_stopped_run_says_whether_and_how_it_resumes(monkeypatch, saves, said):
    lines, stopped = [], []
    monkeypatch.setattr(AtomicCheckpointHook, 'save_between_iterations', lambda *_: stopped.append('saved'))
    hooks = [AtomicCheckpointHook()] if saves else []
    runner = SimpleNamespace(hooks=hooks, launcher='none', logger=SimpleNamespace(warning=lines.append))
    loop = SimpleNamespace(runner=runner, agreement=SimpleNamespace(on=stopped.append), _iter=9)
    with pytest.raises(SystemExit) as end:
        ResumableEpochLoop._stop(loop, signal.SIGINT)
    assert end.value.code == 130
    assert stopped == ['saved', signal.SIGINT][not saves :]
    assert 'after iteration 9; ' in lines[0]
    assert said in lines[0]
    assert ('(tools/train.py: with --resume)' in lines[0]) == saves
