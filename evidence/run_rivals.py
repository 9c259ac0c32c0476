"""Run the comparison of pretext tasks on the controlled benchmark and write RIVALS.md.

    make rivals                                     # level basic, seeds 0, 1, 2
    make rivals SEEDS=1 ONLY="vcop prp"             # some methods, one seed
    make rivals LEVELS="basic future hard"
    python evidence/run_rivals.py --few-labels      # also few-label finetuning from every row; hours
    python evidence/run_rivals.py --falls FOLDER    # also read-outs on real clips from every row of level basic
    python evidence/run_rivals.py --tune            # on the validation split; writes evidence/rival_settings.json
    python evidence/run_rivals.py --missing         # only what evidence/rivals.json lacks
    python evidence/run_rivals.py --again           # repeat rows whose settings have changed
    python evidence/run_rivals.py --report          # RIVALS.md from evidence/rivals.json, without a training

All runs use the ordinary configs and tools, one thread each, two at a time. Every finished result is stored in
work_dirs/evidence and published, so a run that was stopped (Ctrl-C) continues when the command is repeated. A method
that fails does not stop the others.
"""

import argparse
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs import few_label_job, run_jobs, settings_of
from rival_costs import write_costs
from rival_falls import falls_jobs, settings_on_falls
from rival_report import write_report
from rival_rows import LEVELS, METHODS, OURS, Entry, entries
from rival_runs import run_rows
from rival_trials import tune
from run import alone
from run_suite import make_level
from store import RIVALS, load_finished, publish, shelf, withdraw_others

OUTER = ('random', 'measured', 'supervised')


def main() -> None:
    args = parse_args()
    if args.report:
        write_costs(entries('basic'))
        write_report()
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: otherwise scripts would continue alone
    begun = time.monotonic()
    try:
        with alone():
            if args.tune:
                failures = tune(args.only, lanes=args.lanes, missing=args.missing, again=args.again)
            else:
                failures = compare(args)
    except KeyboardInterrupt:
        sys.exit('stopped; finished results are kept and published. Remedy: repeat the command to continue.')
    print(f'{(time.monotonic() - begun) / 60:.0f} minutes')
    if failures:
        sys.exit(told(failures))


def compare(args: argparse.Namespace) -> dict[str, BaseException]:
    """Run everything that is missing, then write the report; returns failures by name."""
    chosen = [entry for level in args.levels for entry in entries(level) if entry.key in args.only]
    for level in args.levels:
        make_level(level)
        if without := set(args.only) - {entry.key for entry in chosen if entry.row.level == level}:
            print(f'level {level} is too short for the samples of: {", ".join(sorted(without))}', flush=True)
    seeds = range(args.seeds)
    try:
        failures = run_rows(chosen, seeds, 'test', lanes=args.lanes, missing=args.missing, again=args.again)
        if args.few_labels:
            starts = [entry.row.name for entry in chosen if entry.row.level == 'basic' and entry.key not in OUTER]
            jobs = [few_label_job(start, seed, 'test', published=args.missing) for seed in seeds for start in starts]
            failures |= run_jobs(jobs, args.lanes, keep_going=True)
        if args.falls is not None:
            jobs = falls_jobs(chosen, seeds, args.falls, published=args.missing)
            failures |= run_jobs(jobs, args.lanes, keep_going=True)
    finally:  # also when stopped: publish finished results
        publish_rivals(chosen, 'test', real_video=args.falls is not None)
    write_costs(entries('basic'))
    write_report()
    return failures


def publish_rivals(chosen: Sequence[Entry], split: str, *, real_video: bool = False) -> None:
    """Put all finished results of this comparison into the repository, and remove results of other settings."""
    publish([found for found in load_finished() if shelf(found.row) == RIVALS])
    settings = {(entry.row.name, split): settings_of(entry.row, 0, split) for entry in chosen}
    if real_video:
        settings |= {(name, split): found for name, found in settings_on_falls(chosen).items()}
    withdraw_others(RIVALS, settings)


def told(failures: Mapping[str, BaseException]) -> str:
    """A text on what failed, why, and what to do."""
    lines = [f'{len(failures)} failed, the others are finished:']
    lines += [f'  {name}: {failure}' for name, failure in failures.items()]
    return '\n'.join([*lines, 'Remedy: read the log, fix the cause, and run again: finished results are kept.'])


def parse_args() -> argparse.Namespace:
    keys = [*OUTER, *OURS, *METHODS]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--seeds', type=int, default=3, help='0 … N-1 (default: %(default)s)')
    parser.add_argument('--levels', nargs='+', choices=LEVELS, default=['basic'], help='default: %(default)s')
    parser.add_argument(
        '--only', nargs='+', choices=keys, default=keys, metavar='ROW', help=f'any of {", ".join(keys)}'
    )
    parser.add_argument('--lanes', type=int, default=2, help='runs at a time (default: %(default)s)')
    parser.add_argument('--few-labels', action='store_true', help='few-label finetuning from every row of level basic')
    parser.add_argument('--falls', type=Path, help='folder of real clips, see evidence/real_video.py')
    parser.add_argument('--tune', action='store_true', help='choose settings of the rivals on the validation split')
    parser.add_argument(
        '--missing', action='store_true', help='skip what evidence/rivals.json has with the same settings'
    )
    parser.add_argument(
        '--again', action='store_true',
        help='rerun rows whose settings have changed; their old files go to work_dirs/evidence/replaced',
    )  # fmt: skip
    parser.add_argument(
        '--report',
        action='store_true',
        help='write RIVALS.md again, train nothing; counts operations of configs that have changed',
    )
    args = parser.parse_args()
    if args.tune and (args.levels != ['basic'] or args.few_labels or args.falls):
        parser.error('--tune runs level basic only. Remedy: omit --levels, --few-labels and --falls')
    if args.falls and 'basic' not in args.levels:
        parser.error('--falls needs rows of level basic. Remedy: add basic to --levels')
    return args


if __name__ == '__main__':
    main()
