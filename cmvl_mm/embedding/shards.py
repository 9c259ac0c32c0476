"""The share of the blocks that a run takes: from the user, or from torchrun or Slurm if the user says so."""

import os
from collections.abc import Mapping
from typing import NamedTuple

_REMEDY = 'Remedy: pass --shard I/N with 1 <= I <= N; or --shard env under torchrun, srun or in a Slurm array.'


class ShardError(ValueError):
    """The text does not name a share of the blocks; with the remedy."""


class Shard(NamedTuple):
    """One of several runs on one folder."""

    number: int
    """Number of the share, from 1."""
    of: int

    def __str__(self) -> str:
        return f'{self.number}/{self.of}'


WHOLE = Shard(1, 1)


def shard_of(text: str, environment: Mapping[str, str] = os.environ) -> Shard:
    """Parse a share: '2/8' is the second of eight; 'env' takes the launcher's.

    | launcher | variables |
    |---|---|
    | torchrun | RANK of WORLD_SIZE |
    | srun, inside a job | SLURM_PROCID of SLURM_STEP_NUM_TASKS |
    | Slurm array | SLURM_ARRAY_TASK_ID from SLURM_ARRAY_TASK_MIN to SLURM_ARRAY_TASK_MAX by SLURM_ARRAY_TASK_STEP |

    An array whose tasks start several processes has as many shares as it has processes in total.

    Raises:
        ShardError: the text is neither, or the environment does not define a share.
    """
    if text != 'env':
        index, _, count = text.partition('/')
        if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
            raise ShardError(f'shard {text!r} is not I/N. {_REMEDY}')
        return Shard(int(index), int(count))
    try:
        task, tasks = _of_array(environment)
        rank, ranks = _of_launcher(environment)
    except KeyError as error:
        raise ShardError(
            f'shard env: {error.args[0]} is not set, but other variables of the launcher are. {_REMEDY}'
        ) from None
    except ValueError as error:
        raise ShardError(f'shard env: {error}. {_REMEDY}') from None
    if (tasks, ranks) == (0, 0):
        raise ShardError(f'shard env: neither torchrun, srun nor a Slurm array has set its variables. {_REMEDY}')
    ranks = max(ranks, 1)
    return Shard(task * ranks + rank + 1, max(tasks, 1) * ranks)


def _of_array(environment: Mapping[str, str]) -> tuple[int, int]:
    """(task from 0, tasks); (0, 0) outside an array."""
    if 'SLURM_ARRAY_TASK_ID' not in environment:
        return 0, 0
    names = ('ID', 'MIN', 'MAX', 'COUNT')
    task, first, last, count = (int(environment[f'SLURM_ARRAY_TASK_{name}']) for name in names)
    step = int(environment.get('SLURM_ARRAY_TASK_STEP', '1'))
    if step < 1 or (last - first) // step + 1 != count or (task - first) % step:
        raise ValueError(
            f'the array has {count} tasks from {first} to {last} by {step}, which is not a complete range, so '
            'shares are unknown. Name the share: --shard $SLURM_ARRAY_TASK_ID/N'
        )
    return (task - first) // step, count


def _of_launcher(environment: Mapping[str, str]) -> tuple[int, int]:
    """(rank from 0, ranks); (0, 0) without a launcher. In a batch script itself, Slurm sets no SLURM_STEP_NUM_TASKS."""
    for rank, ranks in (('RANK', 'WORLD_SIZE'), ('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS')):
        if ranks in environment:
            found = int(environment[rank]), int(environment[ranks])
            if not 0 <= found[0] < found[1]:
                raise ValueError(f'{rank}={found[0]} does not fit {ranks}={found[1]}')
            return found
    return 0, 0
