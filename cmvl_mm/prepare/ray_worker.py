"""The code that runs in a worker process of a Ray cluster."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')

Log = tuple[str, int, str]
"""Logger name, level and text of a log record."""


class Place(NamedTuple):
    """The machine and installation of a worker."""

    machine: str
    node: str
    """Ray's name of the machine."""
    version: str | None
    """Version of this toolkit there; None if it cannot be imported."""
    found: str
    """Path of the toolkit, or the reason why it cannot be imported."""
    missing: tuple[str, ...]
    """Folders that do not exist there."""


def worker_class() -> type:
    """The actor's class. Defined in a function, it is pickled by value, so workers without this toolkit can report."""

    class CmvlWorker:
        def begin(self, folders: tuple[str, ...]) -> tuple[str, str, str | None, str, tuple[str, ...]]:
            """The fields of `Place`; `folders` are checked."""
            import os
            import platform

            import ray

            node = ray.get_runtime_context().get_node_id()
            missing = tuple(folder for folder in folders if not os.path.isdir(folder))
            try:
                from cmvl_mm.files import version
            except ImportError as error:
                return platform.node(), node, None, str(error), missing
            package = os.path.dirname(os.path.dirname(version.__file__))
            return platform.node(), node, version.VERSION, package, missing

        def run(self, task: Any, item: Any) -> Any:
            """Run a task, see `logged`."""
            from cmvl_mm.prepare.ray_worker import logged

            return logged(task, item)

    return CmvlWorker


def logged(task: Callable[[Item], Result], item: Item) -> tuple[Result, list[Log]]:
    """The result of a task, and the warnings of the toolkit's loggers in the meantime, to repeat them in the run."""
    logger, keeper = logging.getLogger('cmvl_mm'), _Keeper()
    logger.addHandler(keeper)
    try:
        return task(item), keeper.records
    finally:
        logger.removeHandler(keeper)


class _Keeper(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[Log] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record.name, record.levelno, record.getMessage()))
