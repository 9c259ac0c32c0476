"""Run rows of the comparison without a result; existing results are taken over or set aside."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace

from jobs import row_job, run_jobs, settings_of
from real_video import read_out_name
from rival_rows import Entry
from rows import WORK, folder
from store import digest, is_done, load_published, place, save
from trainings import trainings_of


def run_rows(
    chosen: Sequence[Entry], seeds: Sequence[int], split: str, *, lanes: int, missing: bool, again: bool
) -> dict[str, BaseException]:
    """Run rows without a result, those of the first seed first.

    Args:
        chosen: rows to run.
        seeds: seeds of weights, order and samples.
        split: split to read out, 'val' or 'test'.
        lanes: runs at a time.
        missing: whether a published result of the same settings counts as a result.
        again: whether to set aside results of other settings and run these rows again.

    Returns:
        Failures by name; they do not stop the others.
    """
    pairs = [(entry, seed) for seed in seeds for entry in chosen]
    if again:
        for entry, seed in pairs:
            set_aside_if_changed(entry, seed, split)
    take_over(pairs, split)
    waiting = [(entry, seed) for entry, seed in pairs if not _done(entry, seed, split, missing)]
    print(f'{len(pairs) - len(waiting)} of {len(pairs)} rows were already done, {len(waiting)} to run', flush=True)
    jobs = [(named(entry, seed), row_job(entry.row, seed, split, missing)[1]) for entry, seed in waiting]
    return run_jobs(jobs, lanes, keep_going=True)


def named(entry: Entry, seed: int) -> str:
    """The name of a run, in the lines of progress and among failures."""
    return f'{entry.name}, {entry.row.name}, seed {seed}'


def _done(entry: Entry, seed: int, split: str, missing: bool) -> bool:
    """Whether the row is done; changed settings are a failure of the job."""
    try:
        return is_done(entry.row.name, seed, split, settings_of(entry.row, seed, split), published=missing)
    except RuntimeError:
        return False


def take_over(pairs: Sequence[tuple[Entry, int]], split: str) -> None:
    """Take over results of `make evidence` with identical configs for our rows."""
    published = {(found.settings, found.seed, found.split): found for found in load_published()}
    for entry, seed in pairs:
        if entry.kind == 'rival' or place(entry.row.name, seed, split).exists():
            continue
        found = published.get((settings_of(entry.row, seed, split), seed, split))
        if found is not None and 'R@1 joint' in found.figures:
            save(replace(found, row=entry.row.name))


def set_aside_if_changed(entry: Entry, seed: int, split: str) -> None:
    """Move files of a run with other settings aside, so that the row runs again."""
    row = entry.row
    finished, training = place(row.name, seed, split), folder(row.name, seed)
    begun = training / 'settings.txt'  # see run.keep_settings
    changed = finished.exists() and json.loads(finished.read_text())['settings'] != settings_of(row, seed, split)
    changed |= begun.exists() and begun.read_text() != digest(*trainings_of(row, seed))
    if changed:
        aside = WORK / 'replaced' / f'{time.strftime("%Y%m%d_%H%M%S")}_{row.name}_{seed}'
        aside.mkdir(parents=True)
        tests = WORK / 'tests'
        real = place(read_out_name(row), seed, split), tests / f'{read_out_name(row)}_{seed}'
        for path in (finished, training, tests / f'{row.name}_{seed}_{split}', *real):
            if path.exists():
                path.rename(aside / path.name)
