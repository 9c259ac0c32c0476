"""Treat SIGTERM and SIGINT as a request to stop after the iteration; all processes agree on it."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn, Self

import torch
import torch.distributed as dist

SIGNALS = (signal.SIGTERM, signal.SIGINT)
ONE_REQUEST = 1.0
"""Seconds within which several signals count as one request: schedulers signal a launcher and its children, and the
launcher passes its signal on. A later signal is a second request."""


class StopSignals:
    """Inside this context, the first SIGTERM or SIGINT is recorded and a second one ends the process at once.

    A thread reads the signals from a socket (`signal.set_wakeup_fd`): the main thread may be blocked in a collective
    operation that never ends, where Python's own handlers would wait forever.

    Python handles signals only in its main thread. In another thread, for example of a notebook or a server, nothing is
    recorded and the program's own handling stays.

    Attributes:
        received: number of the first signal, or None.
        listening: whether signals are recorded.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before_child: Callable | int | None = None
        self.listening = False

    def __enter__(self) -> Self:
        self.listening = threading.current_thread() is threading.main_thread()
        if not self.listening:
            return self
        self._ours, theirs = socket.socketpair()
        self._written = theirs
        theirs.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._in_main_thread) for number in SIGNALS}
        threading.Thread(target=self._watch, name='stop signals', daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self.listening:
            return
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._before_child is not None:
            signal.signal(signal.SIGCHLD, self._before_child)
        self._written.send(b'\0')  # ends the thread; forked workers keep the socket open
        self._written.close()

    def come_within_a_moment(self) -> bool:
        """Whether a signal has arrived or arrives shortly: a scheduler signals a run and its workers in any order."""
        until = time.monotonic() + ONE_REQUEST
        while self.received is None and time.monotonic() < until:
            time.sleep(0.01)
        return self.received is not None

    def find_dead_workers_late(self) -> None:
        """Let torch find dead data-loader workers when it waits for a batch, 5 s later at most.

        Torch's handler of SIGCHLD, set with the first worker, raises wherever the main thread is: in the middle of a
        step, or in a function that handles the error as its own (yapf did, when MMEngine printed the config for a
        checkpoint).
        """
        if not self.listening:
            return
        before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._before_child = self._before_child or before

    def _in_main_thread(self, number: int, frame: FrameType | None) -> None:
        """Do nothing here, the thread does the work; without a Python handler the kernel would end the process."""

    def _watch(self) -> None:
        first = None
        with self._ours:
            while number := self._ours.recv(1)[0]:
                if number not in SIGNALS:
                    continue
                if first is None:
                    first = time.monotonic()
                    self.received = number
                elif time.monotonic() - first > ONE_REQUEST:
                    os._exit(exit_code(number))


class Agreement:
    """Agreement of all processes on a signal, which one process may receive an iteration before the others.

    It takes one all-reduce of one integer between CPUs, for which no GPU waits; `tests/reliability/signals.py` times
    it.
    """

    def __init__(self) -> None:
        self.distributed = dist.is_available() and dist.is_initialized()
        self.group = None
        if self.distributed and dist.get_backend() != 'gloo':
            self.group = dist.new_group(backend='gloo')

    def on(self, number: int | None) -> int | None:
        """The largest of all processes' signals; every process must call it."""
        if not self.distributed:
            return number
        flag = torch.tensor(number or 0)
        dist.all_reduce(flag, dist.ReduceOp.MAX, group=self.group)
        return int(flag) or None


def end_rank(code: int) -> NoReturn:
    """End a process of torchrun at once with this exit code.

    Python's normal exit takes seconds. Meanwhile torchrun, which may have seen another process end, ends this one with
    SIGTERM (exit code -15). And gloo sometimes aborts during Python's exit (-6, "terminate called without an active
    exception"): with torch 2.13 on a busy machine in 11 of 48 runs of two ranks that did one to five all-reduces, 4 of
    them in the 20 runs that destroyed their process group first. torchrun then reports a finished job as failed.
    """
    for child in multiprocessing.active_children():
        child.terminate()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def exit_code(number: int) -> int:
    """143 for SIGTERM and 130 for SIGINT: what shells and schedulers expect."""
    return 128 + number
