"""Jobs of the suite: train, test and read out one row, or run the few-label finetunings of one start."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from readouts import figures
from rows import CONFIGS, WORK, Row, folder, options_of_test, options_of_training
from run import allow_running, config_with, keep_settings, read_seconds, run, stop_running, with_options
from store import digest, is_done, result, save
from trainings import trainings_of

from cmvl_mm.engine.logs import epoch_mean, read_curves, read_test, read_validations

CPU_SECONDS = 'CPU s, training'
"""Name of the figure for the CPU seconds of a training and its workers."""
Job = tuple[str, Callable[[], None]]
"""Name of the job, and the function that runs it."""


def run_jobs(jobs: list[Job], lanes: int, *, keep_going: bool = False) -> dict[str, BaseException]:
    """Run all jobs, several at a time, with a line for each finished job and the estimated time left.

    Args:
        jobs: jobs in the order in which they begin.
        lanes: number of jobs at a time.
        keep_going: whether the others continue when one fails; otherwise running jobs end, and no other begins.

    Returns:
        Failures by the names of their jobs.

    Raises:
        RuntimeError: a job failed, without `keep_going`.
    """
    allow_running()
    begun = time.monotonic()
    failures: dict[str, BaseException] = {}
    with ThreadPoolExecutor(lanes) as pool:
        futures = {pool.submit(job): name for name, job in jobs}
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                name, failure = futures[future], future.exception()
                if failure is not None:
                    if not keep_going:
                        raise RuntimeError(f'{name} failed') from failure
                    failures[name] = failure
                left = _time_left(time.monotonic() - begun, count, len(jobs))
                ended = f'{name} FAILED' if failure is not None else name
                print(f'{time.strftime("%H:%M")} {count} of {len(jobs)}: {ended}; {left}', flush=True)
        except BaseException as stop:  # also Ctrl-C: waiting jobs must not begin
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(stop, KeyboardInterrupt):
                stop_running()
            raise
    return failures


def _time_left(seconds: float, done: int, jobs: int) -> str:
    """'about 12 min left', if the other jobs take the mean time of the finished jobs."""
    left = seconds / done * (jobs - done) / 60
    return f'about {left:.0f} min left' if done < jobs else f'all in {seconds / 60:.0f} min'


def row_job(row: Row, seed: int, split: str, published: bool) -> Job:
    return f'{row.name}, seed {seed}', lambda: train_and_test(row, seed, split, published=published)


def few_label_job(start: str, seed: int, split: str, *, published: bool = False) -> Job:
    flags = ['--missing'] if published else []
    command = ['evidence/few_labels.py', '--start', start, '--seed', seed, '--split', split, *flags]
    name = f'few_labels_{start}_{seed}_{split}'
    return name, lambda: run(name, command)


def train_and_test(row: Row, seed: int, split: str, *, published: bool = False) -> None:
    """Train a row if it has a training, test it, read it out and save the result, unless it is done, see `is_done`."""
    work_dir = folder(row.of or row.name, seed)
    settings = settings_of(row, seed, split)
    if is_done(row.name, seed, split, settings, published=published):
        return
    begun = time.monotonic()
    found = {} if row.train is None else train(row, seed, split)
    tested = WORK / 'tests' / f'{row.name}_{seed}_{split}'
    dump = tested / 'features.npz'
    command = [
        'tools/test.py', CONFIGS / f'{row.test}.py', *([work_dir] if row.has_weights else []), '--work-dir', tested,
        '--seed', seed, *([] if row.classifies else ['--dump-features', dump]),
        *with_options(options_of_tested(row, split)),
    ]  # fmt: skip
    run(f'{row.name}_{seed}_{split}_test', command)
    found |= {'top1': 100 * read_test(tested)['finetune/top1']} if row.classifies else figures(dump, row, split)
    save(result(row.name, seed, split, found, (time.monotonic() - begun) / 60, settings))


def train(row: Row, seed: int, split: str) -> dict[str, float]:
    """Run a row's own training, or the rest of it, and return its figures.

    Args:
        row: a row with a training.
        seed: seed of all randomness.
        split: split for which it is trained, used in the name of the log.
    """
    work_dir = folder(row.name, seed)
    keep_settings(work_dir, digest(*trainings_of(row, seed)))
    command = [
        'tools/train.py', row.training, '--work-dir', work_dir, '--resume', '--seed', seed,
        *with_options(options_of_training(row, seed)),
    ]  # fmt: skip
    spent = work_dir / 'cpu_seconds.txt'
    run(f'{row.name}_{seed}_{split}_train', command, spent=spent)  # a finished training runs nothing, and its log stays
    return training_figures(work_dir) | {CPU_SECONDS: read_seconds(spent)}


def options_of_tested(row: Row, split: str) -> list[str]:
    """`--cfg-options` of a row's test; for a row without a checkpoint the config must not look for one."""
    return options_of_test(row, split) + ([] if row.has_weights else ['model.init_cfg=None'])


def settings_of(row: Row, seed: int, split: str) -> str:
    """Digest of the configs of a row's test and of all trainings of its weights."""
    test = config_with(CONFIGS / f'{row.test}.py', options_of_tested(row, split))
    return digest(test, *trainings_of(row, seed))


def training_figures(work_dir: Path) -> dict[str, float]:
    """Pretext accuracies of the last epoch in percent, and over epochs if the run validates."""
    rows = read_curves(work_dir)
    keys = sorted(key for key in rows[-1] if key.startswith('acc_'))
    found = {f'pretext {key}': 100 * epoch_mean(rows, key, rows[-1]['epoch']) for key in keys}
    for epoch, row in read_validations(work_dir).items():
        found |= {f'epoch {epoch} {key}': 100 * epoch_mean(rows, key, epoch) for key in keys}
        found[f'epoch {epoch} R@1 joint, validation'] = row['retrieval_paper/R@1']
    return found
