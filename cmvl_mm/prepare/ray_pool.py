"""One task for many items, in worker processes of a Ray cluster: what `process_pool` does on one machine."""

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

_MOVES = 3  # of an item whose machine was lost, until the item itself is suspected
_PATIENCE = 30.0  # seconds without a worker until somebody is told


@dataclass(frozen=True)
class RayPool:
    """`in_processes` on a Ray cluster that this process is connected to; see `ray_pool`."""

    workers: int
    """As many as were asked for; by default as many as the cluster has CPUs."""
    folders: tuple[str, ...]
    """That each machine must see."""
    gpu: bool
    kill: bool

    def __call__(
        self, task: Callable[[Item], Result], items: Iterable[Item], workers: int
    ) -> Generator[tuple[Item, Result | None]]:
        """(item, result) as they come, each item exactly once; (item, None) of one that kills its process.

        Each worker has one CPU and one item at a time, so that a death takes one item. That item runs again alone, at
        the end; one whose process dies then is the culprit. Items of a machine that is lost run again on another.

        Args:
            task: picklable, and its results are; it returns no None. It comes from modules that the workers have.
            items: picklable; taken when a worker is free.
            workers: processes at most; fewer work where the cluster has no room for more.

        Raises:
            ClusterError: a worker has no or another version of this toolkit, lacks another package, or does not see a
                folder; or no GPU is there.
            WorkersCannotStart: so that no item is to blame.
            What ``task`` raises.
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
    """A pool on a cluster, to which this process is connected within the block.

    Args:
        address: of the cluster, as `connected` takes it.
        workers: processes; None takes one for each CPU of the cluster.
        folders: absolute, that each machine must see.
        local_workers: CPUs of a cluster that is started for this block, where `workers` is None.
        gpu: each worker gets a GPU, or a share of one where there are more workers than GPUs.
        kill: as `in_processes` has it.

    Raises:
        ClusterError, ModuleNotFoundError: as `connected`.
    """
    with connected(address, local_workers if workers is None else workers):
        import ray

        count = max(1, int(ray.cluster_resources().get('CPU', 1))) if workers is None else workers
        yield RayPool(count, tuple(map(str, folders)), gpu, kill)


def _gpus_of_a_worker(workers: int, gpus: float) -> float:
    """1, or the share of one by which all workers have room."""
    if gpus < 1:
        raise ClusterError('no machine of the Ray cluster has a GPU. Remedy: --device cpu; or machines that have.')
    return 1 / ceil(workers / gpus)


def _results(
    task: Callable[[Item], Result], queue: ItemQueue[Item], slots: int, crew: Crew, killers: ItemQueue[Item]
) -> Iterator[tuple[Item, Result]]:
    """The results of a queue, which empties; `killers` gets the items whose process dies."""
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
                    logger.warning('%s was lost; what it worked on runs elsewhere.', worker.place.machine)
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
    """What a task raised, or, where a worker lacks a package that this process has, an error that says so."""
    from ray.exceptions import RaySystemError

    cause = error.cause
    missing = cause.client_exc if isinstance(cause, RaySystemError) else cause
    if isinstance(missing, ImportError):
        return ClusterError(f'{machine}: {missing}. Remedy: the same packages and extras on all machines.')
    cause.add_note(f'on {machine}:\n{error}')  # where it was raised
    return cause
