"""Run one task for many items in several processes; an item that kills its process affects no other item."""

import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import current_process, get_context, parent_process
from threading import Thread
from typing import Protocol, TypeVar

from cmvl_mm.prepare.item_queue import ItemQueue

Item = TypeVar('Item')
Result = TypeVar('Result')

_STARTS = 3  # failed starts of a worker before an error


class Pool(Protocol):
    """The interface of `in_processes`, for any machines."""

    def __call__(
        self, task: Callable[[Item], Result], items: Iterable[Item], workers: int
    ) -> Generator[tuple[Item, Result | None]]:
        """(item, result) in order of completion, each item exactly once; (item, None) if it kills its process.

        A caller that may stop early must close the generator.
        """


class WorkersCannotStart(RuntimeError):
    """A worker process ended before it got an item."""


def in_processes(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int, *, kill: bool = False
) -> Generator[tuple[Item, Result | None]]:
    """(item, result) in order of completion, each item exactly once; (item, None) if it kills its process.

    Each process is a separate pool, so that the death of a process affects only its item. That item runs again alone,
    at the end, because the system also kills working processes when memory is full. If its process dies again, the
    item is the cause.

    Args:
        task: picklable, with picklable results; it never returns None.
        items: picklable; taken when a worker is free.
        workers: number of processes.
        kill: kill working processes when the caller stops early. By default they are awaited, and the results are lost.

    Raises:
        WorkersCannotStart: worker processes end before they get an item.
        Exceptions of ``task``.
    """
    _end_if_imported_by_a_worker()
    waiting, suspects, culprits = ItemQueue(items), ItemQueue[Item](), ItemQueue[Item]()
    crew = _Crew(waiting.up_to(workers))
    try:
        yield from _results(task, waiting, workers, crew, suspects)
        yield from _results(task, suspects, 1, crew, culprits)
    finally:
        crew.end(kill)
    while culprits:
        yield culprits.take(), None


def _results(
    task: Callable[[Item], Result], queue: ItemQueue[Item], slots: int, crew: '_Crew', killers: ItemQueue[Item]
) -> Iterator[tuple[Item, Result]]:
    """Yield the results of all items of a queue; `killers` gets the items whose process dies."""
    running: dict[Future[Result], tuple[_Worker, Item]] = {}
    while queue or running:
        while queue and len(running) < slots:
            worker = crew.take()
            try:
                running[worker.pool.submit(task, queue.first())] = worker, queue.first()
                queue.take()
            except BrokenProcessPool:  # the process died between two items
                crew.bury(worker)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            worker, item = running.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                killers.add(item)
                crew.bury(worker)
            else:
                crew.idle.append(worker)
                yield item, result


class _Crew:
    """The processes of a call.

    Args:
        size: number of processes that start at once.
    """

    def __init__(self, size: int) -> None:
        self.idle = [_Worker() for _ in range(size)]
        self._all = set(self.idle)

    def take(self) -> '_Worker':
        """An idle worker, or a new one.

        Raises:
            WorkersCannotStart: several in turn ended at once; a single one may have been killed by the system.
        """
        for _ in range(_STARTS):
            if not self.idle:
                self.idle.append(_Worker())
                self._all.add(self.idle[-1])
            worker = self.idle.pop()
            if worker.has_started():
                return worker
            self.bury(worker)
        raise WorkersCannotStart(
            'a worker process ended before its first task. Remedy: in a script, put the call under '
            "\"if __name__ == '__main__':\", because each worker imports the script. Otherwise, read the worker's "
            'message above; if memory is full, use fewer workers.'
        )

    def bury(self, dead: '_Worker') -> None:
        """Remove a dead worker."""
        self._all.remove(dead)
        dead.end()

    def end(self, kill: bool) -> None:
        """End all workers."""
        for worker in self._all:
            worker.end(kill)


class _Worker:
    """One process, in its own pool."""

    def __init__(self) -> None:
        context = get_context('spawn')  # inherits nothing, on every system
        self.pool = ProcessPoolExecutor(1, context, _begin)
        self._started = self.pool.submit(os.getpid)

    def has_started(self) -> bool:
        """Whether the process has started, once this is known."""
        return not isinstance(self._started.exception(), BrokenProcessPool)

    def end(self, kill: bool = False) -> None:
        """End the process, at once or at the end of its item."""
        if kill and self._started.done() and self._started.exception() is None:
            with suppress(ProcessLookupError):
                os.kill(self._started.result(), signal.SIGTERM)
        self.pool.shutdown(cancel_futures=True)


def _end_if_imported_by_a_worker() -> None:
    """End a worker that runs a script without a main guard; the parent's error reports this once."""
    if getattr(current_process(), '_inheriting', False):  # the check of multiprocessing itself
        os._exit(1)


def _begin() -> None:
    """Ignore Ctrl-C in a worker, so that it ends its item; without a parent, the worker ends at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()
