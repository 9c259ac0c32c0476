"""Check that a checkpoint belongs to the run that resumes from it."""

import json
from collections.abc import Mapping
from typing import Any

from mmengine.runner import Runner

from cmvl_mm.datasets.order import kind_of_order

from .accumulation import batches_a_step
from .listed import list_digest
from .sampler import ResumableSampler
from .schedule_scale import in_words, recorded

NEW_RUN = (
    'start a new run from the weights (tools/train.py with --cfg-options load_from=… and without --resume, or '
    'cmvl finetune --from)'
)


class ResumeError(ValueError):
    """The run cannot resume with its current config; the message names the checkpoint and what differs."""


def epoch_shape(runner: Runner) -> dict[str, int]:
    """The settings that must be equal in an interrupted run and in the run that resumes it."""
    loader = runner.train_dataloader
    return dict(
        global_batch=loader.batch_size * runner.world_size,
        videos=len(loader.dataset),
        accumulation=batches_a_step(runner.optim_wrapper),
    )


def require_same_run(runner: Runner, filename: str, meta: Mapping[str, Any]) -> None:
    """Compare the run recorded in a checkpoint with the run that resumes.

    Args:
        runner: runner that resumes.
        filename: path of the checkpoint.
        meta: `meta` of the checkpoint.

    Raises:
        ResumeError: global batch, list or schedule differ, or the checkpoint was saved between the batches of a step.
    """
    before, now = meta.get('epoch_shape'), epoch_shape(runner)
    known = {key: value for key, value in now.items() if key in (before or {})}  # older files record less
    if before is not None and before != known:
        raise ResumeError(
            f'{filename}: the run to resume had {before}, this one has {known}. Remedy: use the same list, batch '
            f'size, optim_wrapper.accumulative_counts and number of processes; on another number, pass tools/train.py '
            f'--global-batch N to keep the batch; or {NEW_RUN}.'
        )
    _require_whole_step(runner, filename, meta['iter'] - meta['epoch'] * len(runner.train_dataloader))
    _require_same_list(runner, filename, meta.get('list_sha256'))
    _require_same_schedule(runner, filename, meta.get('schedule'))
    _warn_of_another_order(runner, filename, meta.get('order', 'permutation'))


def order_of_epochs(runner: Runner) -> str:
    """The sampler's method of shuffling, as recorded in checkpoints."""
    return kind_of_order(len(runner.train_dataloader.dataset))


def _warn_of_another_order(runner: Runner, filename: str, before: str) -> None:
    """Warn if the order differs: older versions shuffled long lists differently and recorded no method."""
    now = order_of_epochs(runner)
    if before != now and isinstance(runner.train_dataloader.sampler, ResumableSampler):
        runner.logger.warning(
            f'{filename}: its run shuffled the list by a {before}, this run by a {now}. The epoch continues in the '
            'new order, so it reads some videos twice and some never; later epochs read each video once.'
        )


def _require_whole_step(runner: Runner, filename: str, done: int) -> None:
    """Refuse a checkpoint saved between the batches of a step, as MMEngine's own hooks and loops may do."""
    counts = batches_a_step(runner.optim_wrapper)
    ends_here = getattr(runner.train_loop, 'steps_end_with_epochs', False)
    if ends_here and done % counts and done != len(runner.train_dataloader):
        raise ResumeError(
            f'{filename}: the file was saved after {done % counts} of the {counts} batches of a step, and lacks their '
            f'gradients. Remedy: use another checkpoint, or {NEW_RUN}.'
        )


def _require_same_list(runner: Runner, filename: str, before: str | None) -> None:
    """Require the same list: only then does a position in an epoch mean the same videos."""
    now = list_digest(runner.train_dataloader.dataset)
    if now is not None and before is None:
        runner.logger.warning(f'{filename}: the file does not record the list of its run; the same list is assumed.')
    elif now is not None and before is not None and before != now:
        raise ResumeError(
            f'{filename}: the run to resume had another list (SHA-256 of its paths and labels {before[:12]}…, now '
            f'{now[:12]}…). Remedy: restore the list and its order, choose another work directory, or {NEW_RUN}.'
        )


def _require_same_schedule(runner: Runner, filename: str, before: str | None) -> None:
    """Require the same schedule: MMEngine resumes with the checkpoint's schedule and ignores the config's."""
    now = recorded(runner.cfg.get('param_scheduler'))
    if before is not None and before != now:
        parts = json.loads(before), json.loads(now)
        words = [in_words(part) for part in parts]
        had, has = words if words[0] != words[1] else (before, now)
        raise ResumeError(
            f'{filename}: the run to resume had another schedule: {had}; now it is {has}. Remedy: restore '
            f'the epochs and param_scheduler, choose another work directory, or {NEW_RUN}.'
        )
