"""Run the trials of rival_settings.py."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from jobs import settings_of
from rival_rows import METHODS, Entry, rival
from rival_runs import named, run_rows
from rival_settings import (
    FIRST,
    RATE,
    Suffix,
    Trial,
    best_first,
    final_suffix,
    finalists,
    first_trials,
    has_all,
    has_temperature,
    later_trials,
    options_of,
    shortened,
    sped_up,
    trial_suffix,
    write_chosen,
)
from rows import WORK, folder
from run import read_seconds
from run_suite import make_level
from settings import TUNING_SEED
from store import RIVALS, load_finished, publish, result, save, shelf

from cmvl_mm.engine.config import load_config
from cmvl_mm.evaluation.features import NO_DIRECTION


def tune(only: Collection[str], *, lanes: int, missing: bool, again: bool) -> dict[str, BaseException]:
    """Run every trial of the given methods on the validation split; choose settings for methods with all trials.

    Args:
        only: keys of methods; other methods are skipped.
        lanes: runs at a time, see `run_rows`.
        missing: do not repeat a published trial of the same settings.
        again: repeat trials of other settings.

    Returns:
        Failures by name.
    """
    run = partial(run_trials, lanes=lanes, missing=missing, again=again)
    make_level('basic')
    keys = [key for key in (*FIRST, *(key for key in METHODS if key not in FIRST)) if key in only]
    configs = {key: load_config(rival(key, 'basic').row.training) for key in keys}
    trials = {key: first_trials() for key in keys}
    short = {key: shortened(config) for key, config in configs.items()}
    failures = run(trials, short, trial_suffix)
    known = [key for key in keys if has_all(key, trials[key])]
    for key in known:
        best_rate = best_first(key, trials[key])[0][RATE]
        trials[key] += later_trials(best_rate, has_temperature(configs[key]))
    failures |= run({key: trials[key] for key in known}, short, trial_suffix)
    finals = {key: finalists(key, trials[key]) for key in known if has_all(key, trials[key])}
    failures |= run(finals, dict.fromkeys(finals, sped_up()), final_suffix)
    for key, final in finals.items():
        if has_all(key, final, final_suffix):
            write_chosen(key, trials[key], final, configs[key])
    return failures


def run_trials(
    trials: Mapping[str, Sequence[Trial]],
    options: Mapping[str, tuple[str, ...]],
    suffix: Suffix,
    *,
    lanes: int,
    missing: bool,
    again: bool,
) -> dict[str, BaseException]:
    """Run one training per trial, with the method's options and the tuning's seed; returns failures by name."""
    chosen = [
        rival(key, 'basic', (*options_of(trial), *options[key]), suffix(trial))
        for key, tried in trials.items()
        for trial in tried
    ]
    try:
        failures = run_rows(chosen, [TUNING_SEED], 'val', lanes=lanes, missing=missing, again=again)
        return {name: failure for name, failure in failures.items() if not _keep_if_diverged(name, chosen)}
    finally:  # if it is stopped, finished results are published, too
        publish([found for found in load_finished() if shelf(found.row) == RIVALS])


def _keep_if_diverged(name: str, chosen: Sequence[Entry]) -> bool:
    """Keep a failed trial without figures if its network gives features that retrieval cannot compare."""
    (row,) = (entry.row for entry in chosen if named(entry, TUNING_SEED) == name)
    log = WORK / 'logs' / f'{row.name}_{TUNING_SEED}_val_test.txt'
    if not log.exists() or NO_DIRECTION not in log.read_text():
        return False
    minutes = read_seconds(folder(row.name, TUNING_SEED) / 'cpu_seconds.txt') / 60
    save(result(row.name, TUNING_SEED, 'val', {}, minutes, settings_of(row, TUNING_SEED, 'val')))
    return True
