"""Several gloo processes on one machine. Of its own, so that they import no more than the work they are given needs."""

import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def run_ranks(ranks: int, folder: Path, worker: Callable, *args: Any) -> list[Any]:
    """Call `worker(rank, *args)` in gloo processes; what each returned, tensors and plain data.

    Each call has a folder of its own: the file in which the ranks of an earlier one met would lead these to their
    addresses.
    """
    folder = Path(tempfile.mkdtemp(dir=folder))
    mp.start_processes(_one_rank, (ranks, worker, folder, args), nprocs=ranks, start_method='spawn')
    return [torch.load(folder / f'{rank}.pt', weights_only=True) for rank in range(ranks)]


def _one_rank(rank: int, ranks: int, worker: Callable, folder: Path, args: tuple) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', f'file://{folder}/rendezvous', timeout=timedelta(minutes=2), rank=rank, world_size=ranks
    )
    torch.save(worker(rank, *args), folder / f'{rank}.pt')
    os._exit(0)  # Python's own end takes gloo down, which aborts now and then; see cmvl_mm.engine.signals.end_rank
