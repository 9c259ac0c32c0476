"""`--global-batch N`: videos per step over all processes, for any number of processes."""

import os


class GlobalBatchError(ValueError):
    """The number of processes does not divide the global batch."""


def share_of(global_batch: int, processes: int) -> int:
    """Videos per process and step, `train_dataloader.batch_size`.

    A step then takes the same videos on any number of processes that divides the batch, and with `auto_scale_lr` the
    learning rate is the same, too.

    Raises:
        GlobalBatchError: the number of processes does not divide the batch.
    """
    if global_batch < 1 or global_batch % processes:
        near = max(1, round(global_batch / processes)) * processes
        raise GlobalBatchError(
            f'--global-batch {global_batch} cannot be divided among {processes} processes. Remedy: pass a multiple of '
            f'{processes}, such as {near}; if nodes may join or leave, a multiple of every possible number.'
        )
    return global_batch // processes


def processes_of(launcher: str) -> int:
    """Number of processes that train together; `check_launcher` checks the variables before."""
    names = dict(pytorch='WORLD_SIZE', slurm='SLURM_NTASKS')
    return int(os.environ[names[launcher]]) if launcher in names else 1
