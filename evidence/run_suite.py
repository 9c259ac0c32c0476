"""Run the suite on the controlled benchmark and write EVIDENCE.md.

    make evidence                          # every row, seeds 0, 1, 2
    make evidence SEEDS=1                  # the core rows, seed 0
    python evidence/run_suite.py --seeds 1 --rows both iframes --lanes 1
    python evidence/run_suite.py --tune      # choose settings on the validation split; writes evidence/settings.json
    python evidence/run_suite.py --missing   # only what evidence/results.json lacks, e.g. on another machine
    python evidence/run_suite.py --fresh     # level basic once more, on videos of another seed
    python evidence/run_suite.py --report    # EVIDENCE.md from evidence/results.json, without a run

All runs use the ordinary configs and tools, one thread each, two at a time. Every finished result is stored in
work_dirs/evidence, so a stopped suite resumes when the command is repeated. Only the evidence reads the test split;
--tune and the curves over epochs read the validation split. EVIDENCE.md names five decisions that were made otherwise.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import real_video
from few_labels import missing_cells
from fresh_videos import make_fresh
from jobs import Job, few_label_job, row_job, run_jobs, settings_of
from report import write_report
from rows import BY_NAME, CANDIDATES, FEW_LABEL_STARTS, KINDS, ROWS, WORK, Row
from run import alone, run
from settings import ALPHAS, CHOSEN, GAPS, RATE_SEEDS, TARGET_WEIGHTS, TUNING_SEED, write_chosen
from small_videos import make_small
from store import is_done, load_finished, load_published, publish

BENCHMARK_SEED = 1
"""Seed of the benchmark's videos; the demo, whose test videos were seen during development, has seed 0."""
SIZES = {'basic': (9, 4, 4), 'future': (9, 4, 4), 'hard': (5, 2, 2)}
"""Videos per pair of context and motion: training, validation, test."""


def main() -> None:
    args = parse_args()
    if args.report:
        write_report(load_published())
        return
    begun = time.monotonic()
    if args.few_labels and not args.tune and not CHOSEN.exists():
        sys.exit(
            f'{CHOSEN}: no settings yet. Remedy: run python evidence/run_suite.py --tune, or pass --no-few-labels.'
        )
    rows = chosen_rows(args)
    with alone():
        if args.tune:
            tune(args)
        else:
            run_suite(args, rows)
    print(f'{(time.monotonic() - begun) / 60:.0f} minutes')


def run_suite(args: argparse.Namespace, rows: list[Row]) -> None:
    """Run everything that is missing, then write the report."""
    for level in sorted({row.level for row in rows}):
        make_level(level)
    split = 'test'
    if args.fresh:
        split = 'fresh'
        make_fresh()
    seeds = range(args.seeds)
    starts = starts_of(rows) if args.few_labels else []
    first = [row for row in rows if row.of is None and row.start is None]
    rest = [row for row in rows if row not in first]
    wanted = wanted_weights(rest, starts, seeds, split) if args.missing else set()
    if args.missing and args.falls is not None:
        wanted |= real_video.wanted_weights(seeds, real_video.prepare(args.falls))
    published = {(row.name, seed): args.missing and (row.name, seed) not in wanted for row in rows for seed in seeds}
    run_jobs([row_job(row, seed, split, published[row.name, seed]) for seed in seeds for row in first], args.lanes)
    jobs = [row_job(row, seed, split, published[row.name, seed]) for seed in seeds for row in rest]
    jobs += [few_label_job(start, seed, split, published=args.missing) for seed in seeds for start in starts]
    run_jobs(jobs, args.lanes)
    if args.falls is not None:
        flags = ['--missing'] if args.missing else []
        run('real_video', ['evidence/real_video.py', args.falls, '--seeds', args.seeds, *flags])
    publish(load_finished())
    write_report(load_published())


def tune(args: argparse.Namespace) -> None:
    """Run every setting to be tried on the validation split, then write evidence/settings.json."""
    make_level('basic')
    wanted = wanted_weights([], FEW_LABEL_STARTS, RATE_SEEDS, 'val') if args.missing else set()
    run_jobs(tuning_jobs(args.missing, wanted), args.lanes)
    finetunings = [
        few_label_job(start, seed, 'val', published=args.missing) for seed in RATE_SEEDS for start in FEW_LABEL_STARTS
    ]
    run_jobs(finetunings, args.lanes)
    publish(load_finished())
    write_chosen()


def wanted_weights(
    rest: Sequence[Row], starts: Sequence[str], seeds: Sequence[int], split: str
) -> set[tuple[str, int]]:
    """Row and seed of the trainings from which a job without a published result starts; they are run again."""
    wanted = {
        (row.of or row.start or '', seed)
        for seed in seeds
        for row in rest
        if not is_done(row.name, seed, split, settings_of(row, seed, split), published=True)
    }
    for start in starts:
        wanted |= {
            (start, TUNING_SEED if split == 'val' else seed)
            for seed in seeds
            if start != 'scratch' and any(missing_cells(start, seed, KINDS['basic'], split=split, published=True))
        }
    return wanted


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--seeds', type=int, default=3, help='0 … N-1 (default: %(default)s)')
    parser.add_argument('--rows', nargs='+', choices=[row.name for row in ROWS], help='default: all; of one seed, core')
    parser.add_argument('--lanes', type=int, default=2, help='runs at a time (default: %(default)s)')
    parser.add_argument('--no-few-labels', dest='few_labels', action='store_false', help='skip few-label finetuning')
    parser.add_argument('--falls', type=Path, help='folder of real clips, see evidence/real_video.py')
    parser.add_argument('--tune', action='store_true', help='choose settings on the validation split')
    parser.add_argument(
        '--missing',
        action='store_true',
        help='skip results of evidence/results.json with the same settings; it has no weights, so a training on which '
        'a missing result depends runs again',
    )
    parser.add_argument('--fresh', action='store_true', help='level basic, on videos of another seed: fresh_videos.py')
    parser.add_argument('--report', action='store_true', help='write EVIDENCE.md again, run nothing')
    args = parser.parse_args()
    if args.tune and (args.rows or args.falls):
        parser.error('--tune has its own rows, and no real clips. Remedy: omit --rows and --falls')
    if args.fresh and (args.tune or args.falls):
        parser.error('--fresh tunes nothing, and has no real clips. Remedy: omit --tune and --falls')
    if args.fresh and (others := [name for name in args.rows or () if BY_NAME[name].level != 'basic']):
        parser.error(f'--fresh has videos of level basic only. Remedy: omit {", ".join(others)}')
    return args


def chosen_rows(args: argparse.Namespace) -> list[Row]:
    """The named rows with the rows whose weights they start from; by default all rows, or the core."""
    if args.rows:
        asked = [BY_NAME[name] for name in args.rows]
        return list(dict.fromkeys([*(BY_NAME[parent] for row in asked if (parent := row.of or row.start)), *asked]))
    rows = [row for row in ROWS if row.core or args.seeds > 1]
    return [row for row in rows if row.level == 'basic'] if args.fresh else rows


def starts_of(rows: list[Row]) -> list[str]:
    """Starts of few-label finetuning: those of the rows, plus random weights with any row of level basic."""
    names = {row.name for row in rows} | {'scratch' for row in rows if row.level == 'basic'}
    return [start for start in FEW_LABEL_STARTS if start in names]


def make_level(level: str) -> None:
    """Make the level's videos; existing videos are kept."""
    if level == 'small':
        make_level('basic')
        make_small()
        return
    train, val, test = map(str, SIZES[level])
    command = [
        'tools/make_benchmark.py', WORK / level, '--level', level, '--seed', BENCHMARK_SEED,
        '--train', train, '--val', val, '--test', test,
    ]  # fmt: skip
    run(f'make_{level}', command)


def tuning_jobs(published: bool, wanted: set[tuple[str, int]]) -> list[Job]:
    """Jobs for four weights of each target of Table 1, four gaps, starts of few-label tuning, and our own rows."""
    rows = [
        BY_NAME[name] for name in dict.fromkeys([*ALPHAS.values(), *FEW_LABEL_STARTS, *CANDIDATES]) if name != 'scratch'
    ]
    for target, weights in TARGET_WEIGHTS.items():
        for weight in weights:
            options = (f'model.motion_head.loss_weight={weight}',)
            rows.append(Row(f'{target}_{weight:g}', f'{target}, weight {weight:g}', target, options=options))
    for gap, name in GAPS.items():
        if name not in BY_NAME:
            options = (f'train_dataloader.dataset.pipeline.sample.future_gap={gap}',)
            rows.append(Row(name, f'motion {gap} frames ahead', 'far_future_09', options=options))
    return [row_job(row, TUNING_SEED, 'val', published and (row.name, TUNING_SEED) not in wanted) for row in rows]


if __name__ == '__main__':
    main()
