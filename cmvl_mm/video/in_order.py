"""Runs tasks in threads and returns their results in the order of the tasks, in bounded memory."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Task = TypeVar('Task')
Result = TypeVar('Result')


@dataclass
class _Lane(Generic[Result]):
    """Results of one task that were not taken yet."""

    results: deque[Result] = field(default_factory=deque)
    is_done: bool = False
    error: BaseException | None = None


def in_order(
    tasks: Sequence[Task],
    open_worker: Callable[[], AbstractContextManager[Callable[[Task], Iterator[Result]]]],
    workers: int,
    size_of: Callable[[Result], int],
    room: int,
) -> Generator[Result, None, None]:
    """The results of all tasks in task order, as a single worker would give them.

    An error is raised after all results before it. Closing the iterator stops the threads.

    Args:
        tasks: each gives any number of results.
        open_worker: opens what a thread needs, in that thread.
        workers: number of threads.
        size_of: bytes of a result.
        room: bytes of results that may wait to be taken. The task whose turn it is may always add one more result, and
            each worker holds the result that it is making.

    Results of at most ``workers`` tasks wait, however small they are. Otherwise a faster worker would get further and
    further ahead of the others.
    """
    crew = _Crew(tasks, open_worker, workers, size_of, room)
    threads = [threading.Thread(target=crew.work, daemon=True) for _ in range(min(workers, len(tasks)))]
    try:
        for thread in threads:
            thread.start()
        yield from crew.take()
    finally:
        crew.stop()
        for thread in threads:
            thread.join()


class _Crew(Generic[Task, Result]):
    def __init__(
        self,
        tasks: Sequence[Task],
        open_worker: Callable[[], AbstractContextManager[Callable[[Task], Iterator[Result]]]],
        workers: int,
        size_of: Callable[[Result], int],
        room: int,
    ) -> None:
        self._tasks, self._open_worker, self._workers = tasks, open_worker, workers
        self._size_of, self._room = size_of, room
        self._lanes: list[_Lane[Result]] = [_Lane() for _ in tasks]
        self._changed = threading.Condition()
        self._begun = 0  # tasks started
        self._turn = 0  # the task whose results are taken now
        self._waiting = 0  # bytes of waiting results
        self._stopped = False

    def take(self) -> Iterator[Result]:
        """Yield the results; runs in the caller's thread."""
        for number, lane in enumerate(self._lanes):
            with self._changed:
                self._turn = number
                self._changed.notify_all()
            while True:
                with self._changed:
                    self._changed.wait_for(lambda lane=lane: lane.results or lane.is_done)  # type: ignore[misc]
                    if not lane.results:
                        if lane.error is not None:
                            raise lane.error
                        break
                    result = lane.results.popleft()
                    self._waiting -= self._size_of(result)
                    self._changed.notify_all()
                yield result
                del result  # free it before the next one

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def work(self) -> None:
        """Process tasks; runs in a thread of its own."""
        number = None
        try:
            with self._open_worker() as results_of:
                while (number := self._next_task()) is not None:
                    for result in results_of(self._tasks[number]):
                        if not self._add(number, result):
                            return
                    self._finish(number)
        except BaseException as error:
            # A worker that cannot be opened has no task yet: its error is reported for the next task.
            number = self._next_task() if number is None else number
            if number is not None:
                self._finish(number, error)

    def _next_task(self) -> int | None:
        with self._changed:
            if self._stopped or self._begun == len(self._tasks):
                return None
            self._begun += 1
            return self._begun - 1

    def _add(self, number: int, result: Result) -> bool:
        """Add a result; False if no more are wanted."""
        size, lane = self._size_of(result), self._lanes[number]
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._may_add(number, size))
            if self._stopped:
                return False
            lane.results.append(result)
            self._waiting += size
            self._changed.notify_all()
            return True

    def _may_add(self, number: int, size: int) -> bool:
        if number == self._turn and not self._lanes[number].results:
            return True
        return number < self._turn + self._workers and self._waiting + size <= self._room

    def _finish(self, number: int, error: BaseException | None = None) -> None:
        with self._changed:
            self._lanes[number].error = error
            self._lanes[number].is_done = True
            self._changed.notify_all()
