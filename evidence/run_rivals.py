"""Run the comparison of pretext tasks on the controlled benchmark and write RIVALS.md.

    make rivals                                     # level basic, seeds 0, 1, 2
    make rivals SEEDS=1 ONLY="vcop prp"             # some methods, one seed
    make rivals LEVELS="basic future hard"
    python evidence/run_rivals.py --few-labels      # few-label finetuning from every row, too; hours
    python evidence/run_rivals.py --falls FOLDER    # read-outs on real clips from every row of level basic, too
    python evidence/run_rivals.py --tune            # on the validation split; writes evidence/rival_settings.json
    python evidence/run_rivals.py --missing         # only what evidence/rivals.json has not
    python evidence/run_rivals.py --again           # rows whose settings have changed since are run anew
    python evidence/run_rivals.py --report          # RIVALS.md from evidence/rivals.json, without a training

Everything goes through the ordinary configs and tools, one thread each, two at a time. Every finished piece is kept in
work_dirs/evidence and published: stopped (Ctrl-C) and run again, the run continues. A method that fails does not stop
the others.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jobs import Job, few_label_job, row_job, run_jobs, settings_of
from real_video import read_out_name
from rival_costs import write_costs
from rival_falls import falls_jobs, settings_on_falls
from rival_report import write_report
from rival_rows import LEVELS, METHODS, OURS, Entry, entries, rival
from rival_settings import (
    FIRST,
    RATE,
    best_of,
    first_trials,
    has_all,
    has_temperature,
    later_trials,
    options_of,
    shortened,
    trial_suffix,
    write_chosen,
)
from rows import WORK, folder
from run import alone
from run_suite import make_level
from settings import TUNING_SEED
from store import RIVALS, digest, is_done, load_finished, load_published, place, publish, save, shelf, withdraw_others
from trainings import trainings_of

from cmvl_mm.engine.config import load_config

OUTER = ('random', 'supervised')


def main() -> None:
    args = parse_args()
    if args.report:
        write_costs(entries('basic'))
        write_report()
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: else what runs would go on alone
    begun = time.monotonic()
    try:
        with alone():
            failures = tune(args) if args.tune else compare(args)
    except KeyboardInterrupt:
        sys.exit('stopped; what is finished is kept and published; the same command continues')
    print(f'{(time.monotonic() - begun) / 60:.0f} minutes')
    if failures:
        sys.exit(told(failures))


def compare(args: argparse.Namespace) -> dict[str, BaseException]:
    """Everything that is not there yet, then the report; failures by name."""
    chosen = [entry for level in args.levels for entry in entries(level) if entry.key in args.only]
    for level in args.levels:
        make_level(level)
        if without := set(args.only) - {entry.key for entry in chosen if entry.row.level == level}:
            print(f'level {level} is too short for the samples of: {", ".join(sorted(without))}', flush=True)
    seeds = range(args.seeds)
    try:
        failures = run_rows(chosen, seeds, 'test', args)
        if args.few_labels:
            starts = [entry.row.name for entry in chosen if entry.row.level == 'basic' and entry.key not in OUTER]
            jobs = [few_label_job(start, seed, 'test', published=args.missing) for seed in seeds for start in starts]
            failures |= run_jobs(jobs, args.lanes, keep_going=True)
        if args.falls is not None:
            jobs = falls_jobs(chosen, seeds, args.falls, published=args.missing)
            failures |= run_jobs(jobs, args.lanes, keep_going=True)
    finally:  # stopped, too: what is finished is published
        publish_rivals(chosen, 'test', real_video=args.falls is not None)
    write_costs(entries('basic'))
    write_report()
    return failures


def run_rows(
    chosen: Sequence[Entry], seeds: Sequence[int], split: str, args: argparse.Namespace
) -> dict[str, BaseException]:
    """Rows that have no result, those of the first seed first; failures by name."""
    pairs = [(entry, seed) for seed in seeds for entry in chosen]
    if args.again:
        for entry, seed in pairs:
            set_aside_if_changed(entry, seed, split)
    take_over(pairs, split)
    waiting = [(entry, seed) for entry, seed in pairs if not _done(entry, seed, split, args.missing)]
    print(f'{len(pairs) - len(waiting)} of {len(pairs)} rows were there, {len(waiting)} to run', flush=True)
    jobs = [_named(entry, row_job(entry.row, seed, split, args.missing)) for entry, seed in waiting]
    return run_jobs(jobs, args.lanes, keep_going=True)


def _named(entry: Entry, job: Job) -> Job:
    return f'{entry.name}, {job[0]}', job[1]


def _done(entry: Entry, seed: int, split: str, missing: bool) -> bool:
    """Whether nothing is to be done; settings that have changed are a failure of the job."""
    try:
        return is_done(entry.row.name, seed, split, settings_of(entry.row, seed, split), published=missing)
    except RuntimeError:
        return False


def take_over(pairs: Sequence[tuple[Entry, int]], split: str) -> None:
    """Results of `make evidence` that have the very same configs become those of our rows here."""
    published = {(found.settings, found.seed, found.split): found for found in load_published()}
    for entry, seed in pairs:
        if entry.kind == 'rival' or place(entry.row.name, seed, split).exists():
            continue
        found = published.get((settings_of(entry.row, seed, split), seed, split))
        if found is not None and 'R@1 joint' in found.figures:
            save(replace(found, row=entry.row.name))


def set_aside_if_changed(entry: Entry, seed: int, split: str) -> None:
    """Move what a row of other settings has left here out of the way, so that it is run anew."""
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


def publish_rivals(chosen: Sequence[Entry], split: str, *, real_video: bool = False) -> None:
    """Put all finished results of this comparison into the repository; those of other settings leave it."""
    publish([found for found in load_finished() if shelf(found.row) == RIVALS])
    settings = {(entry.row.name, split): settings_of(entry.row, 0, split) for entry in chosen}
    if real_video:
        settings |= {(name, split): found for name, found in settings_on_falls(chosen).items()}
    withdraw_others(RIVALS, settings)


def tune(args: argparse.Namespace) -> dict[str, BaseException]:
    """Every trial of the methods asked for, on the validation split; the choice of those that have them all."""
    make_level('basic')
    keys = [key for key in (*FIRST, *(key for key in METHODS if key not in FIRST)) if key in args.only]
    configs = {key: load_config(rival(key, 'basic').row.training) for key in keys}
    trials = {key: first_trials() for key in keys}
    short = {key: shortened(config) for key, config in configs.items()}
    failures = run_trials(trials, short, args)
    known = [key for key in keys if has_all(key, trials[key])]
    for key in known:
        best_rate = best_of(key, trials[key])[RATE]
        trials[key] += later_trials(best_rate, has_temperature(configs[key]))
    failures |= run_trials({key: trials[key] for key in known}, short, args)
    for key in known:
        if has_all(key, trials[key]):
            write_chosen(key, trials[key], configs[key])
    return failures


def run_trials(
    trials: Mapping[str, Sequence[dict[str, float]]], short: Mapping[str, tuple[str, ...]], args: argparse.Namespace
) -> dict[str, BaseException]:
    """One short training a trial, with the tuning's seed; failures by name."""
    chosen = [
        rival(key, 'basic', (*options_of(trial), *short[key]), trial_suffix(trial))
        for key, tried in trials.items()
        for trial in tried
    ]
    try:
        return run_rows(chosen, [TUNING_SEED], 'val', args)
    finally:  # stopped, too: what is finished is published
        publish([found for found in load_finished() if shelf(found.row) == RIVALS])


def told(failures: Mapping[str, BaseException]) -> str:
    """What failed, why, and what to do."""
    lines = [f'{len(failures)} failed, the others are finished:']
    lines += [f'  {name}: {failure}' for name, failure in failures.items()]
    return '\n'.join([*lines, 'Remedy: read the log, mend what it says, and run again: what is finished is kept.'])


def parse_args() -> argparse.Namespace:
    keys = [*OUTER, *OURS, *METHODS]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--seeds', type=int, default=3, help='0 … N-1 (default: %(default)s)')
    parser.add_argument('--levels', nargs='+', choices=LEVELS, default=['basic'], help='default: %(default)s')
    parser.add_argument('--only', nargs='+', choices=keys, default=keys, metavar='ROW', help=f'of {", ".join(keys)}')
    parser.add_argument('--lanes', type=int, default=2, help='runs at a time (default: %(default)s)')
    parser.add_argument('--few-labels', action='store_true', help='few-label finetuning from every row of level basic')
    parser.add_argument('--falls', type=Path, help='folder of real clips, see evidence/real_video.py')
    parser.add_argument('--tune', action='store_true', help='choose settings of the rivals on the validation split')
    parser.add_argument(
        '--missing', action='store_true', help='not what evidence/rivals.json has with the same settings'
    )
    parser.add_argument(
        '--again', action='store_true',
        help='rows whose settings have changed are run anew; what they left goes to work_dirs/evidence/replaced',
    )  # fmt: skip
    parser.add_argument(
        '--report',
        action='store_true',
        help='write RIVALS.md again, train nothing; counts operations of configs that have changed',
    )
    args = parser.parse_args()
    if args.tune and (args.levels != ['basic'] or args.few_labels or args.falls):
        parser.error('--tune has level basic alone: leave out --levels, --few-labels and --falls')
    if args.falls and 'basic' not in args.levels:
        parser.error('--falls reads out rows of level basic: add it to --levels')
    return args


if __name__ == '__main__':
    main()
