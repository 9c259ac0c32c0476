"""Several processes on one machine, for what must not depend on the number of ranks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp


@pytest.fixture
def run_ranks(tmp_path, monkeypatch, repository) -> Callable[..., list[Any]]:
    """`run_ranks(worker, *args)`: call `worker(rank, *args)` in two gloo processes, return what each returned."""
    monkeypatch.syspath_prepend(repository)  # the processes import the test module by its dotted name

    def run(worker: Callable, *args: Any) -> list[Any]:
        mp.start_processes(_one_rank, (worker, tmp_path, args), nprocs=2, start_method='spawn')
        return [torch.load(tmp_path / f'{rank}.pt', weights_only=True) for rank in range(2)]

    return run


def _one_rank(rank: int, worker: Callable, folder: Path, args: tuple) -> None:
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=2)
    try:
        torch.save(worker(rank, *args), folder / f'{rank}.pt')
    finally:
        dist.destroy_process_group()
