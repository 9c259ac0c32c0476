"""Settings chosen for the rivals on the validation split, with as many trials as our far_future_09 had.

Ours: four weights of the motion task, then three more gaps before the motion at the best weight (settings.py); its
learning rate and temperature were never tuned. Each rival: four learning rates, then, at the best rate, three
temperatures of its softmax, or two temperatures and a rate beyond the best if that is the lowest or highest; a method
without a softmax gets the three learning rates nearest to the best. A trial is one training with seed 100, half as long
as that of a row, in bf16 if the machine supports it, judged by joint R@1 on the validation split. The two best trials
run again at full length, and the better one is chosen: where all trials are near 10 %, half of the length chooses by
chance.
"""

import inspect
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from mmaction.registry import MODELS
from mmengine.config import Config
from rows import REPOSITORY
from settings import ALPHAS, GAPS, TUNING_SEED
from store import OF_RIVALS, RIVALS, load_published

from cmvl_mm.files.atomic import replace_text

TRIALS = len(ALPHAS) + len(GAPS) - 1
"""Number of trials of far_future_09; one gap is already part of the trials of weights."""
FINALISTS = 2
"""Number of trials that run again at full length."""
RATES = (0.0003, 0.001, 0.003, 0.01)
FINE_RATES = (0.0001, 0.00017, 0.00055, 0.0017, 0.0055, 0.017, 0.03)
BEYOND = {RATES[0]: 0.0001, RATES[-1]: 0.03}
"""The rate to try beyond an end of `RATES` if the best rate is at this end."""
TEMPERATURES = (0.03, 0.2, 0.5)
"""Temperatures to try besides the config's own, 0.07 or 0.1; a rate of `BEYOND` replaces the last one."""
RATE, TEMPERATURE = 'optim_wrapper.optimizer.lr', 'model.pretext_head.temperature'
CHOSEN = REPOSITORY / 'evidence/rival_settings.json'
FAST = dict(precision='bf16', memory_format='channels_last', optimizer='fused', logs='deferred', colour='host')
"""`fast_step` of a trial; rows train in fp32."""
FIRST = ('vcop', 'st_puzzle')
"""Methods tuned first, because they are at chance in their own task with the settings of their configs."""

Trial = dict[str, float]
"""Option -> value for one training."""
Suffix = Callable[[Trial], str]
"""Trial -> suffix of the name of its row."""


def first_trials() -> list[Trial]:
    """The first trials of every method: learning rates."""
    return [{RATE: rate} for rate in RATES]


def later_trials(best_rate: float, has_temperature: bool) -> list[Trial]:
    """The three later trials, at the best rate or near it."""
    if has_temperature:
        trials = [{RATE: best_rate, TEMPERATURE: temperature} for temperature in TEMPERATURES]
        return [*trials[:-1], {RATE: BEYOND[best_rate]}] if best_rate in BEYOND else trials
    nearest = sorted(FINE_RATES, key=lambda rate: abs(math.log(rate / best_rate)))
    return [{RATE: rate} for rate in sorted(nearest[: TRIALS - len(RATES)])]


def has_temperature(config: Config) -> bool:
    """Whether the method's loss has a softmax whose temperature can be set."""
    head = MODELS.get(config.model.pretext_head.type)
    return 'temperature' in inspect.signature(head).parameters


def trial_name(trial: Trial) -> str:
    """'lr 0.003, temperature 0.2'."""
    words = [f'lr {trial[RATE]:g}']
    return ', '.join(words + ([f'temperature {trial[TEMPERATURE]:g}'] if TEMPERATURE in trial else []))


def trial_suffix(trial: Trial) -> str:
    """Suffix of the name of a trial's row."""
    return '_' + trial_name(trial).replace(', ', '_').replace(' ', '')


def final_suffix(trial: Trial) -> str:
    """Suffix of the name of the row of a trial at full length."""
    return f'{trial_suffix(trial)}_full'


def options_of(trial: Trial) -> tuple[str, ...]:
    """`--cfg-options` of the trial."""
    return tuple(f'{option}={value}' for option, value in trial.items())


def shortened(config: Config) -> tuple[str, ...]:
    """`--cfg-options` that halve the epochs of a method and speed up its steps: 147 full trials take days."""
    epochs = max(1, config.train_cfg.max_epochs // 2)
    (_,) = config.param_scheduler  # a constant rate, then cosine to zero
    schedule = {'train_cfg.max_epochs': epochs, 'param_scheduler.0.begin': epochs // 2, 'param_scheduler.0.end': epochs}
    return (*(f'{option}={value}' for option, value in schedule.items()), *sped_up())


def sped_up() -> tuple[str, ...]:
    """`--cfg-options` that speed up the steps of a trial of any length."""
    return tuple(f'fast_step.{name}={position}' for name, position in FAST.items())


def chosen_options(key: str) -> tuple[str, ...]:
    """`--cfg-options` of a method's rows; empty before it is tuned, when the config's settings stay."""
    return tuple(chosen()[key]['options']) if key in chosen() else ()


def chosen() -> dict[str, dict[str, Any]]:
    """For each method: `options`, the name of the `best` trial, joint R@1 of all `tries` and of those at `full` length.

    None stands for a trial that diverged.
    """
    return json.loads(CHOSEN.read_text()) if CHOSEN.exists() else {}


def recalls(key: str) -> dict[str, float | None]:
    """Joint R@1 on the validation split of every trial of a method with a published result, by row; None: diverged."""
    return {
        found.row: found.figures.get('R@1 joint')
        for found in load_published(RIVALS)
        if found.split == 'val' and found.seed == TUNING_SEED and found.row.startswith(f'{OF_RIVALS}{key}_lr')
    }


def has_all(key: str, trials: Sequence[Trial], suffix: Suffix = trial_suffix) -> bool:
    """Whether every trial has a published result."""
    found = recalls(key)
    return all(f'{OF_RIVALS}{key}{suffix(trial)}' in found for trial in trials)


def best_first(key: str, trials: Sequence[Trial], suffix: Suffix = trial_suffix) -> list[Trial]:
    """The trials that did not diverge, by joint R@1; equal ones keep their order.

    Raises:
        KeyError: a trial has no published result.
        ValueError: every trial diverged.
    """
    found = recalls(key)
    recall = [(found[f'{OF_RIVALS}{key}{suffix(trial)}'], trial) for trial in trials]
    order = sorted(((value, trial) for value, trial in recall if value is not None), key=lambda pair: -pair[0])
    if not order:
        raise ValueError(f'{key}: every trial diverged. Remedy: lower learning rates in rival_settings.RATES.')
    return [trial for _, trial in order]


def finalists(key: str, trials: Sequence[Trial]) -> list[Trial]:
    """The trials that run again at full length."""
    return best_first(key, trials)[:FINALISTS]


def write_chosen(key: str, trials: Sequence[Trial], finals: Sequence[Trial], config: Config) -> None:
    """Save the better one of a method's finalists and all its trials; other methods stay unchanged.

    Args:
        key: the method.
        trials: all trials of the method.
        finals: those that ran again at full length.
        config: the method's own config, whose values need no option.

    Raises:
        ValueError: there are fewer or more trials than ours had.
    """
    if len(trials) != TRIALS:
        raise ValueError(f'{key} has {len(trials)} trials, but ours has {TRIALS}')
    found, best = recalls(key), best_first(key, finals, final_suffix)[0]
    own = {RATE: config.optim_wrapper.optimizer.lr, TEMPERATURE: config.model.pretext_head.get('temperature')}
    changed = {option: value for option, value in best.items() if value != own[option]}
    tries, full = (
        {trial_name(trial): found[f'{OF_RIVALS}{key}{suffix(trial)}'] for trial in group}
        for group, suffix in ((trials, trial_suffix), (finals, final_suffix))
    )
    contents = chosen() | {key: dict(options=list(options_of(changed)), best=trial_name(best), tries=tries, full=full)}
    replace_text(CHOSEN, json.dumps(dict(sorted(contents.items())), indent=1) + '\n')
