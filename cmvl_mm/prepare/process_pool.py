"""One task for many items, in several processes; an item that kills its process stops nothing and loses nothing."""

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

_STARTS = 3  # of a worker


class Pool(Protocol):
    """What `in_processes` does, on whatever machines."""

    def __call__(
        self, task: Callable[[Item], Result], items: Iterable[Item], workers: int
    ) -> Generator[tuple[Item, Result | None]]:
        """(item, result) as they come, each item exactly once; (item, None) of one that kills its process.

        Whoever may stop early closes it.
        """


class WorkersCannotStart(RuntimeError):
    """A worker process ended before it had anything to do."""


def in_processes(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int, *, kill: bool = False
) -> Generator[tuple[Item, Result | None]]:
    """(item, result) as they come, each item exactly once; (item, None) of one that kills its process.

    Each process is a pool of its own, so that a death takes one item and no other. That item runs again alone, at the
    end, because the system also kills whoever is at work when memory is full; one whose process dies then is the
    culprit.

    Args:
        task: picklable, and its results are; it returns no None.
        items: picklable; taken when a worker is free.
        workers: processes.
        kill: what is at work when the caller stops early is killed. By default it is awaited, and its result is lost.

    Raises:
        WorkersCannotStart: so that no item is to blame.
        What ``task`` raises.
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
    """The results of a queue, which empties; `killers` gets the items whose process dies."""
    running: dict[Future[Result], tuple[_Worker, Item]] = {}
    while queue or running:
        while queue and len(running) < slots:
            worker = crew.take()
            try:
                running[worker.pool.submit(task, queue.first())] = worker, queue.first()
                queue.take()
            except BrokenProcessPool:  # it died between two items
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
        size: so many begin at once.
    """

    def __init__(self, size: int) -> None:
        self.idle = [_Worker() for _ in range(size)]
        self._all = set(self.idle)

    def take(self) -> '_Worker':
        """One that is idle, or a new one.

        Raises:
            WorkersCannotStart: several in turn ended at once; the system may kill one that starts, too.
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
            'a worker process ended before it had anything to do. Remedy for a script: the call stands under '
            "\"if __name__ == '__main__':\", because each worker imports the script. Otherwise the worker's message is "
            'above, or the memory is full: fewer workers.'
        )

    def bury(self, dead: '_Worker') -> None:
        """Give up one that died."""
        self._all.remove(dead)
        dead.end()

    def end(self, kill: bool) -> None:
        """Take all away."""
        for worker in self._all:
            worker.end(kill)


class _Worker:
    """One process, of a pool that has no other."""

    def __init__(self) -> None:
        context = get_context('spawn')  # nothing is inherited, on every system
        self.pool = ProcessPoolExecutor(1, context, _begin)
        self._started = self.pool.submit(os.getpid)

    def has_started(self) -> bool:
        """Whether the process is there, when that is known."""
        return not isinstance(self._started.exception(), BrokenProcessPool)

    def end(self, kill: bool = False) -> None:
        """Take the process away, at once or at the end of its item."""
        if kill and self._started.done() and self._started.exception() is None:
            with suppress(ProcessLookupError):
                os.kill(self._started.result(), signal.SIGTERM)
        self.pool.shutdown(cancel_futures=True)


def _end_if_imported_by_a_worker() -> None:
    """A script without a main guard comes here in each worker, too; the parent's error says so, once."""
    if getattr(current_process(), '_inheriting', False):  # as multiprocessing itself finds it out
        os._exit(1)


def _begin() -> None:
    """Ctrl-C is for the parent: workers end their item. Without a parent, they end at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()
