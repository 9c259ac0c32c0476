"""Gradient accumulation: how many batches make a step, and after which batches no accumulated gradient is pending.

Checkpoints do not hold pending gradients, so runs stop and save only at whole steps.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner


def wrappers_in(optim_wrapper: OptimWrapper | OptimWrapperDict) -> list[OptimWrapper]:
    """The wrapper in a list, or all wrappers of a model with several optimisers."""
    return list(optim_wrapper.values()) if isinstance(optim_wrapper, OptimWrapperDict) else [optim_wrapper]


def batches_a_step(optim_wrapper: OptimWrapper | OptimWrapperDict) -> int:
    """`accumulative_counts`; for several optimisers, the least common multiple."""
    return math.lcm(*(wrapper._accumulative_counts for wrapper in wrappers_in(optim_wrapper)))


def step_is_whole(optim_wrapper: OptimWrapper | OptimWrapperDict) -> bool:
    """Whether no accumulated gradient is pending. Call it between two calls of `train_step`."""
    return all(wrapper.should_update() for wrapper in wrappers_in(optim_wrapper))


@contextmanager
def schedules_that_count_batches(optim_wrapper: OptimWrapper | OptimWrapperDict) -> Iterator[None]:
    """Silence torch's warning about schedule steps before the first update: MMEngine's schedules count batches."""
    with warnings.catch_warnings():
        if batches_a_step(optim_wrapper) > 1:
            warnings.filterwarnings('ignore', r'Detected call of `scheduler\.step\(\)` before')
        yield


def end_steps_with_epoch(runner: Runner, done: int, length: int) -> None:
    """Let the last step of this epoch take the mean of fewer batches, where the step does not divide the epoch.

    MMEngine does so only at the end of training: a step with batches of two epochs would be unfinished when the
    checkpoint between them is written.

    Args:
        done: number of finished batches of the epoch.
        length: number of batches of the epoch.

    Raises:
        ValueError: several optimisers accumulate.
    """
    counts = batches_a_step(runner.optim_wrapper)
    if counts > 1 and isinstance(runner.optim_wrapper, OptimWrapperDict):
        raise ValueError(
            'optim_wrapper: with several optimisers, the batches of one step are undefined. Remedy: set '
            "accumulative_counts=1 for each, or train_cfg.type='EpochBasedTrainLoop', which resumes at whole epochs."
        )
    if length % counts:
        runner.optim_wrapper.initialize_count_status(runner.model, done, length)


def check_saves(runner: Runner, length: int) -> None:
    """Refuse MMEngine's CheckpointHook where it would save between the batches of a step; our hook waits.

    Args:
        length: number of batches of an epoch.

    Raises:
        ValueError: the hook would save within a step; names interval and remedy.
    """
    counts = batches_a_step(runner.optim_wrapper)
    for hook in runner.hooks:
        if not isinstance(hook, CheckpointHook) or hook.by_epoch or hook.interval < 1:
            continue
        at_epoch_ends = hook.interval % length == 0  # which end a step, too
        if not at_epoch_ends and (length % counts or hook.interval % counts):
            raise ValueError(
                f'CheckpointHook.interval={hook.interval} saves within a step of {counts} batches '
                f'(optim_wrapper.accumulative_counts; an epoch has {length} batches), and no checkpoint contains its '
                "gradients. Remedy: set type='AtomicCheckpointHook', which waits for the step, or by_epoch=True."
            )
