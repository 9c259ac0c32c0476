"""Runs the workers that write blocks as parts: processes of this machine, or a Ray cluster."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from cmvl_mm.embedding.block import BlockTask
from cmvl_mm.embedding.block_plan import Block
from cmvl_mm.embedding.cores import usable_cores
from cmvl_mm.embedding.embeddings import Failure
from cmvl_mm.embedding.parts_folder import part_path
from cmvl_mm.embedding.shards import WHOLE, Shard
from cmvl_mm.embedding.video_inputs import InputsError
from cmvl_mm.prepare.process_pool import Pool, in_processes
from cmvl_mm.prepare.ray_pool import ray_pool
from cmvl_mm.prepare.shared_folder import wait_until_seen

EngineName = Literal['process', 'ray']


@dataclass(frozen=True)
class Engine:
    """The engine that runs the workers. Raises InputsError if its settings contradict each other."""

    name: EngineName
    address: str | None
    """Address of a Ray cluster, see `connected`."""
    workers: int | None
    """Number of processes; 0 works in this one. None: one per core of this process, or per CPU of the cluster."""
    device: str

    def __post_init__(self) -> None:
        if self.name not in get_args(EngineName):
            raise InputsError(f'engine={self.name!r} is not one of {", ".join(get_args(EngineName))}.')
        on_ray = self.name == 'ray'
        if self.address is not None and not on_ray:
            raise InputsError(
                f"address={self.address} needs engine='ray'. Remedy: pass engine='ray' (--engine ray), or omit address."
            )
        if self.workers is not None and self.workers < int(on_ray):
            raise InputsError(f'workers={self.workers} must be at least {int(on_ray)}.')
        if on_ray and find_spec('ray') is None:  # checked before any work
            raise ModuleNotFoundError("No module named 'ray'", name='ray')
        if on_ray and self.device not in ('cpu', 'cuda'):
            raise InputsError(f"device={self.device}: Ray itself assigns the GPUs. Remedy: pass 'cpu' or 'cuda'.")

    def require_whole(self, shard: Shard) -> None:
        """Refuse a share with Ray, which hands out all blocks.

        Raises:
            InputsError: a share is requested.
        """
        if self.name == 'ray' and shard != WHOLE:
            raise InputsError(
                f"shard={shard} and engine='ray' exclude each other: Ray itself distributes the parts. "
                'Remedy: omit --shard, or omit --engine ray.'
            )

    @contextmanager
    def pool(self, folders: Sequence[Path]) -> Iterator[tuple[Pool, int]]:
        """The pool of workers and its number of processes; all machines see the folders."""
        if self.name == 'process':
            yield partial(in_processes, kill=True), usable_cores() if self.workers is None else self.workers
            return
        on_gpu = self.device != 'cpu'
        with ray_pool(self.address, self.workers, folders, local_workers=usable_cores(), gpu=on_gpu, kill=True) as pool:
            yield pool, pool.workers


def written(task: BlockTask, blocks: Sequence[Block], engine: Engine) -> Iterator[Block]:
    """Yield each block when its part is on the disk. Without blocks, no worker starts."""
    if not blocks:
        return
    if engine.workers == 0:
        for block in blocks:
            task(block)
            yield block
        return
    deadly = []
    # With Ray, this machine may have no GPU, and the log level of workers must not apply to this process.
    here = replace(task, source=replace(task.source, device='cpu', in_worker=False))
    with engine.pool([task.folder, Path(task.meta.root)]) as (pool, workers):
        with closing(pool(task, blocks, workers)) as done:
            for block, facts in done:  # a killed worker may or may not have written its part
                if facts is None:
                    deadly.append(block)
                else:
                    wait_until_seen(part_path(task.folder, block.number))
                    yield block
        for block in deadly:
            outcomes = dict(pool(task.one, block.paths, 1))
            here.write(block, [outcomes[name] or _killed(name) for name in block.paths])
            yield block


def _killed(name: str) -> Failure:
    reason = 'the process that read the video died, even when it read nothing else'
    return Failure(name, 'process', reason, 'Fetch the file again, leave it out, or provide more memory')
