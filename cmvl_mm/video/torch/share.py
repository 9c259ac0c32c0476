"""Which of the videos a process reads, and in which order."""

from collections import deque
from collections.abc import Generator, Iterator
from typing import TypeVar

import numpy as np
import torch.distributed
from torch.utils.data import get_worker_info

from cmvl_mm.video.checks import SettingFault, shown, whole

Item = TypeVar('Item')


def rank_and_world_size(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """As given, else those of torch.distributed, else 0 of 1.

    Raises:
        ValueError: only one of the two is given, or the rank is outside the world.
    """
    if rank is None and world_size is None:
        return of_torch() or (0, 1)
    if rank is None or world_size is None:
        reason = f'rank is {shown(rank)} and world_size {shown(world_size)}'
        raise SettingFault(reason, 'Give both, and a rank from 0 to below world_size')
    world_size = whole('world_size', world_size, least=1)
    return whole('rank', rank, least=0, most=world_size - 1), world_size


def of_torch() -> tuple[int, int] | None:
    """Rank and world size of torch.distributed; None where it is not initialised."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return None


def share_here(rank: int, world_size: int) -> slice:
    """Of a list that all processes know: what this worker of a data loader on this rank takes."""
    worker = get_worker_info()
    number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
    return slice(rank * workers + number, None, world_size * workers)


def shuffled(count: int, *key: int) -> list[int]:
    """0 ... count - 1 in an order that depends on the key alone: whole numbers, none below 0."""
    return np.random.default_rng(key).permutation(count).tolist()


def interleaved(streams: Iterator[Generator[Item, None, None]], together: int) -> Iterator[Item]:
    """Items of some streams in turn, ``together`` of which are open: the next one follows each that ends."""
    running: deque[Generator[Item, None, None]] = deque()
    try:
        while True:
            while len(running) < together and (stream := next(streams, None)) is not None:
                running.append(stream)
            if not running:
                return
            for item in running[0]:
                running.rotate(-1)
                yield item
                break
            else:
                running.popleft()
    finally:
        for stream in running:
            stream.close()
