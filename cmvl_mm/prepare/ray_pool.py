"""Run one task for many items in worker processes of a Ray cluster, as `process_pool` does on one machine."""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cmvl_mm.prepare.item_queue import ItemQueue
from cmvl_mm.prepare.ray_cluster import ClusterError, connected
from cmvl_mm.prepare.ray_crew import Crew, Worker, deaths

if TYPE_CHECKING:
    from ray import ObjectRef

logger = logging.getLogger(__name__)

Item = TypeVar('Item')
Result = TypeVar('Result')

_MOVES = 3  # lost machines of an item until the item itself is suspected
_PATIENCE = 30.0  # seconds without a worker until a warning


@dataclass(frozen=True)
class RayPool:
    """`in_processes` on a Ray cluster that this process is connected to; see `ray_pool`."""

    workers: int
    """Number of workers; by default the number of CPUs of the cluster."""
    folders: tuple[str, ...]
    """Folders that each machine must see."""
    gpu: bool
    kill: bool

    def __call__(
        self, task: Callable[[Item], Result], items: Iterable[Item], workers: int
    ) -> Generator[tuple[Item, Result | None]]:
        """(item, result) in order of completion, each item exactly once; (item, None) if it kills its process.

        Each worker has one CPU and one item at a time, so that the death of a process affects one item. That item runs
        again alone, at the end; if its process dies again, the item is the cause. Items of a lost machine run again on
        another.

        Args:
            task: picklable, with picklable results; it never returns None. The workers must have its modules.
            items: picklable; taken when a worker is free.
            workers: largest number of processes; there are fewer if the cluster has no room.

        Raises:
            ClusterError: a worker has no or another version of this toolkit, lacks another package, or does not see a
                folder; or there is no GPU.
            WorkersCannotStart: worker processes end before they get an item.
            Exceptions of ``task``.
        """
        import ray

        waiting, suspects, culprits = ItemQueue(items), ItemQueue[Item](), ItemQueue[Item]()
        if not waiting:
            return
        workers = waiting.up_to(workers)
        gpus = _gpus_of_a_worker(workers, ray.cluster_resources().get('GPU', 0)) if self.gpu else 0
        crew = Crew(workers, gpus, self.folders)
        try:
            yield from _results(task, waiting, workers, crew, suspects)
            yield from _results(task, suspects, 1, crew, culprits)
        finally:
            crew.end(self.kill)
        while culprits:
            yield culprits.take(), None


@contextmanager
def ray_pool(
    address: str | None,
    workers: int | None,
    folders: Sequence[Path],
    *,
    local_workers: int,
    gpu: bool = False,
    kill: bool = False,
) -> Iterator[RayPool]:
    """A pool on a cluster; this process is connected to the cluster within the block.

    Args:
        address: address of the cluster, as in `connected`.
        workers: number of processes; None takes one for each CPU of the cluster.
        folders: absolute paths of folders that each machine must see.
        local_workers: CPUs of a cluster that is started for this block, if `workers` is None.
        gpu: each worker gets a GPU, or a share of one if there are more workers than GPUs.
        kill: as in `in_processes`.

    Raises:
        ClusterError, ModuleNotFoundError: as in `connected`.
    """
    with connected(address, local_workers if workers is None else workers):
        import ray

        count = max(1, int(ray.cluster_resources().get('CPU', 1))) if workers is None else workers
        yield RayPool(count, tuple(map(str, folders)), gpu, kill)


def _gpus_of_a_worker(workers: int, gpus: float) -> float:
    """1, or the share of a GPU that leaves room for all workers."""
    if gpus < 1:
        raise ClusterError(
            'no machine of the Ray cluster has a GPU. Remedy: pass --device cpu, or add a machine with a GPU.'
        )
    return 1 / ceil(workers / gpus)


def _results(
    task: Callable[[Item], Result], queue: ItemQueue[Item], slots: int, crew: Crew, killers: ItemQueue[Item]
) -> Iterator[tuple[Item, Result]]:
    """Yield the results of all items of a queue; `killers` gets the items whose process dies."""
    import ray
    from ray.exceptions import RayTaskError

    running: dict[ObjectRef, tuple[Worker, Item]] = {}
    moves = Counter[int]()
    sent = ray.put(task)
    while queue or running:
        while queue and len(running) < slots and crew.idle:
            worker, item = crew.idle.pop(), queue.take()
            running[worker.actor.run.remote(sent, item)] = worker, item
        crew.refill(queue.up_to(slots - len(running)))
        done, _ = ray.wait([*running, *crew.beginning], timeout=_PATIENCE)
        if not done and not running:
            crew.tell_of_waiting()
        for ref in done:
            if ref in crew.beginning:
                crew.has_begun(ref)
                continue
            worker, item = running.pop(ref)
            try:
                result, records = ray.get(ref)
            except RayTaskError as error:
                raise _of_task(error, worker.place.machine) from None
            except deaths() as error:
                crew.bury(worker)
                if crew.has_lost(worker.place.node, error) and moves[id(item)] < _MOVES:
                    moves[id(item)] += 1
                    logger.warning('%s was lost; its tasks run on other machines.', worker.place.machine)
                    queue.add(item)
                else:
                    logger.warning('%s: a worker process died or was killed.', worker.place.machine)
                    killers.add(item)
            else:
                crew.idle.append(worker)
                for name, level, text in records:
                    logging.getLogger(name).log(level, '%s: %s', worker.place.machine, text)
                yield item, result


def _of_task(error: Any, machine: str) -> BaseException:
    """The exception of a task, or an error that names a package of this process that the worker lacks."""
    from ray.exceptions import RaySystemError

    cause = error.cause
    missing = cause.client_exc if isinstance(cause, RaySystemError) else cause
    if isinstance(missing, ImportError):
        return ClusterError(f'{machine}: {missing}. Remedy: install the same packages and extras on all machines.')
    cause.add_note(f'on {machine}:\n{error}')  # machine and traceback
    return cause
