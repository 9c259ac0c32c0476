"""Which videos a process reads, and in which order."""

from collections import deque
from collections.abc import Generator, Iterator
from typing import TypeVar

import numpy as np
import torch.distributed
from torch.utils.data import get_worker_info

from cmvl_mm.video.checks import SettingFault, shown, whole

Item = TypeVar('Item')


def rank_and_world_size(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """The given values, else those of torch.distributed, else 0 of 1.

    Raises:
        ValueError: only one of the two is given, or the rank is not below the world size.
    """
    if rank is None and world_size is None:
        return of_torch() or (0, 1)
    if rank is None or world_size is None:
        reason = f'rank is {shown(rank)} and world_size {shown(world_size)}'
        raise SettingFault(reason, 'Give both, and a rank from 0 to below world_size')
    world_size = whole('world_size', world_size, least=1)
    return whole('rank', rank, least=0, most=world_size - 1), world_size


def of_torch() -> tuple[int, int] | None:
    """Rank and world size of torch.distributed; None if it is not initialised."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return None


def share_here(rank: int, world_size: int) -> slice:
    """The share of a list, known to all processes, that this data-loader worker on this rank takes."""
    worker = get_worker_info()
    number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
    return slice(rank * workers + number, None, world_size * workers)


def shuffled(count: int, *key: int) -> list[int]:
    """0 ... count - 1 in an order that depends only on the key, which consists of whole numbers from 0 on."""
    return np.random.default_rng(key).permutation(count).tolist()


def interleaved(streams: Iterator[Generator[Item, None, None]], together: int) -> Iterator[Item]:
    """Items of several streams in turn; ``together`` of them are open, and the next one replaces each that ends."""
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
