"""A resumed run equals the unbroken one bit for bit, and begins at once, wherever it was interrupted."""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from finding import Finding, Size
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from short_run import VIDEOS, config, difference, make_videos, options, start, state, train

from cmvl_mm.checkpoints.pretrained import read_checkpoint
from cmvl_mm.compat import start_process_group
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.engine.signals import end_rank

OF_ONE_PROCESS = 'tests/reliability/test_resume.py::test_resumed_run_equals_the_unbroken_one'
ITERATIONS = 8
CELLS = [(0, False), (2, False), (2, True), (4, False), (4, True)]  # workers, persistent
LIMIT = {'light': 30, 'heavy': 5}  # seconds; the light version runs on machines that do other things, too


def findings(size: Size) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        videos = make_videos(Path(folder) / 'set')
        return [
            *(same_bits(videos, Path(folder), ranks, size) for ranks in ((2,) if size == 'light' else (1, 2, 4))),
            at_once(videos, Path(folder), size),
        ]


def same_bits(videos: Path, folder: Path, ranks: int, size: Size) -> Finding:
    """Unbroken runs, and runs resumed from their checkpoints, for each way of loading data."""
    cells, moments = CELLS, range(1, ITERATIONS)
    if ranks == 4:
        cells = CELLS[:1]
    if size == 'light':
        cells, moments = CELLS[:1], (3,)
    differing = []
    for workers, persistent in cells:
        differing += cell(videos, folder, ranks, workers, persistent, list(moments))
    resumed = len(cells) * len(moments)
    loaders = ', '.join(f'{w} workers{" that persist" if p else ""}' for w, p in cells)
    return Finding(
        promise=f'A resumed run on {ranks} {"process" if ranks == 1 else "processes"} equals the unbroken one bit for '
        'bit: weights, optimiser, schedule and the loss of every step.',
        tested=f'{resumed} runs of {ITERATIONS} iterations, dropout on, interrupted after '
        f'{", ".join(map(str, moments))}; {loaders}; CPU, gloo',
        figure=f'{resumed - len(differing)} of {resumed} equal' + ''.join(f'; {line}' for line in differing),
        held=not differing,
        guard='' if ranks > 1 else OF_ONE_PROCESS,
    )


def cell(videos: Path, folder: Path, ranks: int, workers: int, persistent: bool, moments: list[int]) -> list[str]:
    """One way of loading data; a line for every resumed run that differs. Several ranks get processes of their own."""
    task = dict(videos=str(videos), ranks=ranks, workers=workers, persistent=persistent, moments=moments)
    task['folder'] = str(folder / f'{ranks}_{workers}_{persistent}')
    report = folder / 'differing.json'
    report.unlink(missing_ok=True)
    if ranks == 1:
        run_cell(task, report)
        return json.loads(report.read_text())
    log = folder / 'cell.log'
    torchrun = ['-m', 'torch.distributed.run', '--standalone', f'--nproc-per-node={ranks}']
    process = start([*torchrun, __file__, json.dumps(task), str(report)], log, CUDA_VISIBLE_DEVICES='')
    if process.wait(timeout=900) != 0:
        return [f'{task}: failed, {log.read_text()[-2000:]}']
    return json.loads(report.read_text())


def run_cell(task: dict[str, Any], report: Path) -> None:
    if task['ranks'] > 1:
        start_process_group('pytorch')
    videos, folder = Path(task['videos']), Path(task['folder'])
    batch = max(1, 2 // task['ranks'])
    shape = dict(batch=batch, epochs=ITERATIONS * batch * task['ranks'] // VIDEOS)
    shape |= dict(workers=task['workers'], persistent=task['persistent'])
    launcher = dict(launcher='pytorch' if task['ranks'] > 1 else 'none')
    train(options(videos, folder / 'unbroken', **shape), **launcher)
    differing = []
    for moment in task['moments']:
        checkpoint = folder / 'unbroken' / f'iter_{moment}.pth'
        chosen = options(videos, folder / f'after_{moment}', **shape)
        train(chosen, load_from=str(checkpoint), resume=True, **launcher)
        if is_main_process():
            ends = [state(folder / name / f'iter_{ITERATIONS}.pth') for name in ('unbroken', f'after_{moment}')]
            found = difference(*ends)
            differing += [] if found is None else [f'{task["workers"]} workers, after {moment}: {found}']
    if is_main_process():
        report.write_text(json.dumps(differing))


class FirstStep(Exception):
    """Ends a run after its first iteration."""


class StopAfterFirst(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        raise FirstStep(runner.iter)


def at_once(videos: Path, folder: Path, size: Size) -> Finding:
    """Seconds and samples from the call to the first step, early and late in a long epoch."""
    listed = 20_000 if size == 'light' else 1_000_000
    long = videos / 'long.txt'
    long.write_text((videos / 'train.txt').read_text() * (listed // VIDEOS))
    early = first_step(long, folder / 'early', None)[2]
    moments, seconds, samples = [listed // 2 - 10], [], []
    if size == 'heavy':
        moments += [10, listed // 4]
    for moment in moments:
        checkpoint = read_checkpoint(early)
        checkpoint['meta'].update(iter=moment, epoch=0)
        moved = folder / f'at_{moment}.pth'
        torch.save(checkpoint, moved)
        took, decoded, _ = first_step(long, folder / f'from_{moment}', moved)
        seconds.append(took)
        samples.append(decoded)
    return Finding(
        promise='Resuming in the middle of an epoch takes under 5 s whatever the iteration; no data is replayed.',
        tested=f'{listed} videos listed, batches of 2; resumed after iteration {", ".join(map(str, moments))}',
        figure=f'{", ".join(f"{took:.1f}" for took in seconds)} s from the start of training to the end of its first '
        f'step; {", ".join(map(str, samples))} samples read',
        held=max(seconds) < LIMIT[size] and set(samples) == {2},
    )


def first_step(long: Path, work_dir: Path, checkpoint: Path | None) -> tuple[float, int, Path]:
    """Seconds to the end of the first step, samples read meanwhile, and a checkpoint of it."""
    chosen = options(long.parent, work_dir) | {'train_dataloader.dataset.ann_file': str(long)}
    resume = dict(load_from=str(checkpoint), resume=True) if checkpoint is not None else {}
    runner = CompressedRunner.from_cfg(config(chosen, **resume))
    runner.register_hook(StopAfterFirst(), priority='LOWEST')
    read, begun = [], time.monotonic()
    dataset = runner.train_dataloader.dataset
    load = dataset._load
    dataset._load = lambda position, rng: read.append(position) or load(position, rng)
    try:
        runner.train()
    except FirstStep as step:
        return time.monotonic() - begun, len(read), work_dir / f'iter_{step.args[0] + 1}.pth'
    raise AssertionError('training ended before its first step')


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('task', type=json.loads)
    parser.add_argument('report', type=Path)
    run_cell(**vars(parser.parse_args()))
    end_rank(0)
