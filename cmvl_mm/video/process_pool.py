"""One task for many items, in several processes; an item that kills its process stops nothing and loses nothing."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

MAX_IDLE_POOLS = 3

Item = TypeVar('Item')
Result = TypeVar('Result')


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
        RuntimeError: no process takes an item.
        What ``task`` raises.
    """
    waiting, suspects = deque(items), deque[Item]()
    idle_pools = 0  # that broke before they had anything to do, one after the other
    while waiting or suspects:
        alone = not waiting
        queue, slots = (suspects, 1) if alone else (waiting, workers)
        running: dict[Future[Result], Item] = {}
        # spawn: nothing is inherited, on every system.
        pool = ProcessPoolExecutor(slots, get_context('spawn'), _begin)
        try:
            while queue or running:
                while queue and len(running) < slots:
                    running[pool.submit(task, queue[0])] = queue[0]  # raises, too, where a process has just died
                    queue.popleft()
                    idle_pools = 0
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    yield running.pop(future), result
        except BrokenProcessPool as error:
            idle_pools += 1
            pool.shutdown(wait=True)  # from here on, no future changes
            for future, item in running.items():
                if future.exception() is None:
                    yield item, future.result()
                elif alone:
                    yield item, None
                else:
                    suspects.append(item)
            if idle_pools == MAX_IDLE_POOLS:
                raise RuntimeError('worker processes die before they begin. Remedy: fewer workers') from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Ctrl-C is for the parent: workers end their item. Without a parent, they end at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()
