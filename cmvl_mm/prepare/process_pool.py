"""One task for many items, in several processes; an item that kills its process stops nothing and loses nothing."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.synchronize import Barrier
from threading import Thread
from typing import TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


class WorkersCannotStart(RuntimeError):
    """A worker process ended before it had anything to do."""


def in_processes(
    task: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[tuple[Item, Result | None]]:
    """(item, result) as they come, each item exactly once; (item, None) of one that kills its process.

    When a process dies, all that was at work is lost, whoever is to blame: these items are run again one by one at the
    end, and one whose process dies then is the culprit.

    Args:
        task: picklable, and its results are; it returns no None.
        items: picklable.
        workers: processes.

    Raises:
        WorkersCannotStart: so that no item is to blame.
        What ``task`` raises.
    """
    _end_if_imported_by_a_worker()
    waiting, suspects = deque(items), deque[Item]()
    while waiting or suspects:
        alone = not waiting
        queue, slots = (suspects, 1) if alone else (waiting, workers)
        running: dict[Future[Result], Item] = {}
        context = get_context('spawn')  # nothing is inherited, on every system
        pool = ProcessPoolExecutor(slots, context, _begin, (context.Barrier(slots),))
        try:
            _require_start(pool, slots)
            while queue or running:
                while queue and len(running) < slots:
                    running[pool.submit(task, queue[0])] = queue[0]  # raises, too, where a process has just died
                    queue.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    yield running.pop(future), result
        except BrokenProcessPool:
            if alone:
                yield from ((culprit, None) for culprit in running.values())  # one, or none if it died between two
            else:
                suspects.extend(running.values())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _require_start(pool: ProcessPoolExecutor, slots: int) -> None:
    """All processes are there before the first item.

    Else the pool starts one at a later submission, and its own thread fails if another dies at that moment.
    """
    try:
        for future in [pool.submit(_meet) for _ in range(slots)]:
            future.result()
    except BrokenProcessPool:
        raise WorkersCannotStart(
            'a worker process ended before it had anything to do. Remedy for a script: the call stands under '
            "\"if __name__ == '__main__':\", because each worker imports the script. Otherwise the worker's message is "
            'above, or the memory is full: fewer workers.'
        ) from None


def _end_if_imported_by_a_worker() -> None:
    """A script without a main guard comes here in each worker, too; the parent's error says so, once."""
    if getattr(current_process(), '_inheriting', False):  # as multiprocessing itself finds it out
        os._exit(1)


_together: Barrier | None = None  # of the workers of a pool


def _meet() -> None:
    if _together is not None:
        _together.wait()


def _begin(together: Barrier) -> None:
    """Ctrl-C is for the parent: workers end their item. Without a parent, they end at once."""
    global _together
    _together = together
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()
