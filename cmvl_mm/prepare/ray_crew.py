"""The worker processes of one call on a Ray cluster: start, checks and end."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmvl_mm.files.version import VERSION
from cmvl_mm.prepare.process_pool import WorkersCannotStart
from cmvl_mm.prepare.ray_cluster import ClusterError
from cmvl_mm.prepare.ray_worker import Place, worker_class

if TYPE_CHECKING:
    from ray import ObjectRef

logger = logging.getLogger(__name__)

_STARTS = 3  # successive starts of a worker that end before it is ready


def deaths() -> tuple[type[Exception], ...]:
    """Exceptions for the death of a process or its machine."""
    from ray import exceptions

    return (
        exceptions.RayActorError,
        exceptions.WorkerCrashedError,
        exceptions.OutOfMemoryError,
        exceptions.NodeDiedError,
        exceptions.ObjectLostError,  # a result was lost with its machine
    )


@dataclass(eq=False)
class Worker:
    """One process of the cluster."""

    actor: Any
    place: Place


class Crew:
    """The workers of a call.

    Args:
        size: number of workers that start at once.
        gpus: GPUs of each worker.
        folders: folders that each worker must see.
    """

    def __init__(self, size: int, gpus: float, folders: tuple[str, ...]) -> None:
        import ray

        self._folders = folders

        # `RayPool` handles deaths: Ray must not restart or repeat anything by itself.
        self._class: Any = ray.remote(
            num_cpus=1, num_gpus=gpus, max_restarts=0, max_task_retries=0, scheduling_strategy='SPREAD'
        )(worker_class())
        self.idle: list[Worker] = []
        self.beginning: dict[ObjectRef, Any] = {}
        self._working: set[Worker] = set()
        self._failed_starts = 0
        self._told = False
        self.refill(size)

    def refill(self, wanted: int) -> None:
        """Start workers until `wanted` are idle or starting."""
        for _ in range(wanted - len(self.idle) - len(self.beginning)):
            actor = self._class.remote()
            self.beginning[actor.begin.remote(self._folders)] = actor

    def has_begun(self, ref: 'ObjectRef') -> None:
        """Check a worker that has started, or died during its start.

        Raises:
            ClusterError: it has another version of this toolkit, or none, or does not see a folder.
            WorkersCannotStart: several in turn ended at once; a single one may have been killed by the system.
        """
        import ray

        actor = self.beginning.pop(ref)
        try:
            worker = Worker(actor, Place(*ray.get(ref)))
        except deaths() as error:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise WorkersCannotStart(
                    f'{_STARTS} worker processes of the Ray cluster ended before their first task. Last error: '
                    f'{error} Remedy: follow this error; if memory is full, use fewer workers.'
                ) from error
            return
        self._failed_starts = 0
        _require_this_version(worker.place)
        if worker.place.missing:
            raise ClusterError(
                f'{worker.place.missing[0]}: does not exist on {worker.place.machine}. Remedy: use folders that all '
                'machines of the cluster see under the same path.'
            )
        self._working.add(worker)
        self.idle.append(worker)

    def bury(self, dead: Worker) -> None:
        """Remove a worker that died or cannot be reached any more."""
        import ray

        self._working.discard(dead)
        ray.kill(dead.actor)

    def has_lost(self, node: str, error: Exception) -> bool:
        """Whether the machine died, not only the process."""
        import ray
        from ray.exceptions import ActorUnavailableError, NodeDiedError

        if isinstance(error, (ActorUnavailableError, NodeDiedError)):
            return True
        return not any(one['NodeID'] == node and one['Alive'] for one in ray.nodes())

    def tell_of_waiting(self) -> None:
        """Warn once that no worker has started."""
        import ray

        if not self._told:
            free, all_cpus = ray.available_resources().get('CPU', 0), ray.cluster_resources().get('CPU', 0)
            logger.warning(
                'No worker has started yet: of %g CPUs of the Ray cluster, %g are free. Waiting; Ctrl-C stops.',
                all_cpus,
                free,
            )
            self._told = True

    def end(self, kill: bool) -> None:
        """End all workers."""
        import ray

        if not kill and self._working:  # an actor runs calls in order: this call after its item
            turns = [worker.actor.begin.remote(()) for worker in self._working]
            ray.wait(turns, num_returns=len(turns))
        for actor in (*self.beginning.values(), *(worker.actor for worker in self._working)):
            ray.kill(actor)


def _require_this_version(place: Place) -> None:
    remedy = f"Remedy: pip install 'cmvl_mm=={VERSION}' on each machine of the cluster, for the Python that runs Ray."
    if place.version is None:
        raise ClusterError(
            f'{place.machine}: cmvl_mm {VERSION} is needed, but cannot be imported: {place.found}. {remedy}'
        )
    if place.version != VERSION:
        raise ClusterError(f'{place.machine}: {place.found} is version {place.version}, not {VERSION}. {remedy}')
