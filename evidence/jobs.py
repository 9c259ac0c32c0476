"""A job of the suite: one row trained, tested and read out, or the few-label finetunings of one start."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from readouts import figures
from rows import CONFIGS, WORK, Row, folder, options_of_test, options_of_training
from run import config_with, keep_settings, run, with_options
from store import digest, is_done, result, save
from trainings import trainings_of

from cmvl_mm.engine.logs import epoch_mean, read_curves, read_test, read_validations

Job = tuple[str, Callable[[], None]]
"""Name, and what runs it."""


def run_jobs(jobs: list[Job], lanes: int) -> None:
    """All jobs, some side by side; a failure ends the suite once those that run have ended.

    Raises:
        RuntimeError: a job failed.
    """
    with ThreadPoolExecutor(lanes) as pool:
        futures = {pool.submit(job): name for name, job in jobs}
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                if future.exception() is not None:
                    raise RuntimeError(f'{futures[future]} failed') from future.exception()
                print(f'{time.strftime("%H:%M")} {count} of {len(jobs)}: {futures[future]}', flush=True)
        except BaseException:  # Ctrl-C as well: what runs gets the signal too, what waits must not begin
            pool.shutdown(cancel_futures=True)
            raise


def row_job(row: Row, seed: int, split: str, published: bool) -> Job:
    return f'{row.name}, seed {seed}', lambda: train_and_test(row, seed, split, published=published)


def few_label_job(start: str, seed: int, split: str, *, published: bool = False) -> Job:
    flags = ['--missing'] if published else []
    command = ['evidence/few_labels.py', '--start', start, '--seed', seed, '--split', split, *flags]
    name = f'few_labels_{start}_{seed}_{split}'
    return name, lambda: run(name, command)


def train_and_test(row: Row, seed: int, split: str, *, published: bool = False) -> None:
    """One row: trained where it trains, tested, read out, kept; unless it is done, see `is_done`."""
    work_dir = folder(row.of or row.name, seed)
    settings = settings_of(row, seed, split)
    if is_done(row.name, seed, split, settings, published=published):
        return
    begun = time.monotonic()
    found: dict[str, float] = {}
    if row.train is not None:
        keep_settings(work_dir, digest(*trainings_of(row, seed)))
        command = [
            'tools/train.py', CONFIGS / f'{row.train}.py', '--work-dir', work_dir, '--resume', '--seed', seed,
            *with_options(options_of_training(row, seed)),
        ]  # fmt: skip
        run(f'{row.name}_{seed}_{split}_train', command)  # of a finished training: nothing, and its log stays
        found |= training_figures(work_dir)
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


def options_of_tested(row: Row, split: str) -> list[str]:
    """`--cfg-options` of a row's test; without a checkpoint, the config must not look for one."""
    return options_of_test(row, split) + ([] if row.has_weights else ['model.init_cfg=None'])


def settings_of(row: Row, seed: int, split: str) -> str:
    """Digest of the configs of a row's test and of all trainings behind it."""
    test = config_with(CONFIGS / f'{row.test}.py', options_of_tested(row, split))
    return digest(test, *trainings_of(row, seed))


def training_figures(work_dir: Path) -> dict[str, float]:
    """Pretext accuracies of the last epoch, and, where a run validates, both over epochs; in percent."""
    rows = read_curves(work_dir)
    keys = [key for key in ('acc_context', 'acc_motion', 'acc_residual') if key in rows[-1]]
    found = {f'pretext {key}': 100 * epoch_mean(rows, key, rows[-1]['epoch']) for key in keys}
    for epoch, row in read_validations(work_dir).items():
        found |= {f'epoch {epoch} {key}': 100 * epoch_mean(rows, key, epoch) for key in keys}
        found[f'epoch {epoch} R@1 joint, validation'] = row['retrieval_paper/R@1']
    return found
