"""Scale a learning-rate schedule to another number of epochs, and find schedules that do not fit theirs.

    from cmvl_mm.engine.schedule_scale import scaled          # in a config that inherits from another

    train_cfg = dict(max_epochs=40)
    param_scheduler = scaled(_base_.param_scheduler, _base_.train_cfg.max_epochs, 40)

What changes, both for `by_epoch=True` and for iterations:

| part | change |
|---|---|
| warm-up: a scheduler from 0 on that raises the rate | unchanged; in a shorter run scaled in proportion, or removed |
| all later positions: begin, end, milestones | scaled in proportion between the warm-up and the end |
| T_max, step_size, total_steps, periods, restarts | scaled as the positions that they count from and to |

A longer run needs no longer warm-up, which is for the first steps of random weights.
"""

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

Scheduler = dict[str, Any]
_ENDLESS = 10**8  # MMEngine's default of `end` is 1e9
_LONG_ENOUGH = 10  # epochs, for one of warm-up
_RISES = ('LinearLR', 'LinearParamScheduler', 'ConstantLR', 'ConstantParamScheduler')
_LENGTHS = ('T_max', 'step_size', 'total_steps')


def as_list(schedule: Any) -> list[Scheduler]:
    """The schedulers of `param_scheduler`, which may be one, several or None; empty for schedulers by name of several
    optimisers, which are not scaled."""
    parts = schedule if isinstance(schedule, (list, tuple)) else [schedule]
    return [dict(part) for part in parts] if all(isinstance(part, Mapping) and 'type' in part for part in parts) else []


def scaled(schedule: Any, before: int, after: int) -> list[Scheduler]:
    """Scale the schedulers of a run of `before` epochs to a run of `after` epochs; see the table above.

    Args:
        schedule: `param_scheduler` of a config.
        before, after: numbers of epochs, at least 1.
    """
    parts = as_list(schedule)
    if before == after:
        return parts
    made = []
    for by_epoch in (True, False):
        mine = [part for part in parts if _by_epoch(part) == by_epoch]
        total = before if by_epoch else max((end for part in mine if (end := _end(part)) is not None), default=0)
        rises = [part for part in mine if _is_warm_up(part, total)]
        warm_up = max(map(_full_rate_at, rises), default=0)
        is_told = by_epoch or any(_end(part) is not None and part not in rises for part in mine)
        move = _mover(total if is_told else None, warm_up, after / before)
        made += [(parts.index(part), _moved(part, move, total)) for part in mine]
    return [part for _, part in sorted(made, key=lambda pair: pair[0]) if part is not None]


def _by_epoch(part: Scheduler) -> bool:
    return bool(part.get('by_epoch', True))


def _end(part: Scheduler) -> int | None:
    """Where the scheduler ends; None if it has no end."""
    end = part.get('end')
    return int(end) if isinstance(end, (int, float)) and end < _ENDLESS else None


def _is_warm_up(part: Scheduler, total: int) -> bool:
    end = _end(part)
    if end is None or end > total or part.get('begin', 0) != 0 or not str(part['type']).startswith(_RISES):
        return False
    linear = str(part['type']).startswith('Linear')
    start = part.get('start_factor', 1 / 3) if linear else part.get('factor', 1 / 3)
    return start < (part.get('end_factor', 1.0) if linear else 1.0)


def _full_rate_at(part: Scheduler) -> int:
    """LinearLR with end=11 has the full rate at position 10, one before its end; negligible when iterations count."""
    return (_end(part) or 0) - (0 if part.get('convert_to_iter_based') else 1)


def _mover(total: int | None, warm_up: int, ratio: float) -> Callable[[float], int]:
    """A function from old to new position; `total` is None for iterations whose number no scheduler gives."""
    new_total = None if total is None else round(total * ratio)
    fewest = min(warm_up, 1) if new_total is None or new_total >= _LONG_ENOUGH else 0
    new_warm_up = warm_up if ratio > 1 else max(round(warm_up * ratio), fewest)
    rest = ratio
    if total is not None and new_total is not None and total > warm_up:
        rest = (new_total - new_warm_up) / (total - warm_up)

    def move(place: float) -> int:
        if place <= warm_up:
            return round(place * new_warm_up / warm_up) if warm_up else 0
        return new_warm_up + round((place - warm_up) * rest)

    return move


def _moved(part: Scheduler, move: Callable[[float], int], total: int) -> Scheduler | None:
    """The scheduler at its new positions; None for a warm-up that has no epoch left."""
    made = dict(part)
    begin, end = int(part.get('begin', 0)), _end(part)
    if end is not None:
        if _is_warm_up(part, total):
            made['end'] = move(_full_rate_at(part)) + end - _full_rate_at(part)
            return made if move(_full_rate_at(part)) else None
        if 'begin' in part:
            made['begin'] = move(begin)
        made['end'] = max(move(end), int(made.get('begin', 0)) + 1)
    elif 'begin' in part:
        made['begin'] = move(begin)
    for name in _LENGTHS:
        if isinstance(part.get(name), int):
            made[name] = max(1, move(begin + part[name]) - move(begin))
    if 'milestones' in part:
        made['milestones'] = [move(place + begin) - move(begin) for place in part['milestones']]
    if 'periods' in part:
        edges = [begin + sum(part['periods'][:count]) for count in range(len(part['periods']) + 1)]
        made['periods'] = [max(1, move(b) - move(a)) for a, b in pairwise(edges)]
    return made


def in_words(schedule: Any) -> str:
    """'LinearLR 0 to 6, CosineAnnealingLR 5 to 120', in epochs unless stated otherwise."""
    parts = []
    for part in as_list(schedule):
        unit = '' if _by_epoch(part) else ' (iterations)'
        if 'milestones' in part:
            parts.append(f'{part["type"]} at {", ".join(map(str, part["milestones"]))}{unit}')
        else:
            parts.append(f'{part["type"]} {part.get("begin", 0)} to {_end(part) or "the end"}{unit}')
    return ', '.join(parts) or 'a constant rate'


def recorded(schedule: Any) -> str:
    """All arguments of the schedulers as JSON, for checkpoints."""
    return json.dumps(as_list(schedule), sort_keys=True)


def misfits(schedule: Any, epochs: int, batches: int | None = None) -> list[str]:
    """A sentence for each scheduler that ends before the run or after it.

    Args:
        schedule: `param_scheduler` of a config.
        epochs: number of epochs of the run.
        batches: number of batches of an epoch; None leaves out schedulers that count iterations.
    """
    found = []
    parts = as_list(schedule)
    for number, part in enumerate(parts):
        if not _by_epoch(part) and batches is None:
            continue
        length, unit = (epochs, 'epochs') if _by_epoch(part) else (epochs * (batches or 0), 'iterations')
        name, end = f'param_scheduler.{number} ({part["type"]})', _end(part)
        last = end if end is not None else max(part.get('milestones', [0]))
        others = [other for other in parts if other is not part and _by_epoch(other) == _by_epoch(part)]
        followed = any((_end(other) or _ENDLESS) > (end or 0) for other in others)
        if last > length:
            found.append(
                f'{name} is planned for {last} {unit}, but the run has {length}: the rate does not fall to its end'
            )
        elif end is not None and end < length and not followed and not _is_warm_up(part, length):
            found.append(f'{name} ends at {end} of {length} {unit}: after that the rate keeps its last value')
    return found


REMEDY = (
    'Remedy: pass --epochs N, or train_cfg.max_epochs=N as the only option on the schedule, to fit the schedule; in a '
    'config, set param_scheduler = scaled(…) of cmvl_mm.engine.schedule_scale, or param_scheduler.N.end.'
)
