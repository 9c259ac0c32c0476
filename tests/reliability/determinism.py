"""The same seed is the same run, whatever the number of workers and of processes; another epoch is another sample."""

import itertools
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import soak
from finding import Finding, Size
from mmaction.registry import DATASETS
from short_run import REPOSITORY, config, hash_tensors
from torch.utils.data import DataLoader

from cmvl_mm.checkpoints.pretrained import read_state_dict
from cmvl_mm.engine.sampler import ResumableSampler

sys.path.insert(0, str(REPOSITORY / 'tests' / 'models'))  # for `joined_batch`
SEED = 5


class Amount(NamedTuple):
    """How much is compared."""

    videos: int
    epochs: int
    workers: tuple[int, ...]
    ranks: tuple[int, ...]
    training_epochs: int


AMOUNTS: dict[Size, Amount] = {
    'light': Amount(16, 6, (0,), (), 2),
    'heavy': Amount(200, 20, (0, 1, 2, 4, 8), (2, 4), 10),
}


def findings(size: Size) -> list[Finding]:
    amount = AMOUNTS[size]
    with TemporaryDirectory(prefix='determinism') as name:
        folder = Path(name)
        videos = soak.make_videos(folder / 'videos')
        dataset = build(folder / 'samples', videos, amount)
        runs = {workers: hash_epochs(dataset, amount.epochs, workers) for workers in amount.workers}
        another = hash_epochs(build(folder / 'again', videos, amount), amount.epochs, 0)
        return [
            samples_repeat(runs[0], another, amount),
            epochs_differ(runs[0], amount),
            trainings_repeat(folder, videos, amount),
            # of the others the tests that guard them are the light version
            *([workers_change_nothing(runs, amount), ranks_agree(amount)] if size == 'heavy' else []),
        ]


def build(folder: Path, videos: Path, amount: Amount) -> Any:
    """The demo's training set on a list that names the videos in turn."""
    options = soak.options_for(folder, videos, soak.Amount(amount.videos, 1, 1.0))
    return DATASETS.build(config(options).train_dataloader.dataset.to_dict())


def hash_epochs(dataset: Any, epochs: int, workers: int) -> list[list[str]]:
    """SHA-256 of every sample, epoch by epoch, in the order in which training sees them."""
    sampler = ResumableSampler(dataset, seed=SEED)
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0,
        multiprocessing_context='fork' if workers else None,
    )
    seen = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        seen.append([hash_tensors(sample['inputs'].items()) for sample in loader])
    return seen


def samples_repeat(one: list[list[str]], other: list[list[str]], amount: Amount) -> Finding:
    pairs = list(zip(itertools.chain(*one), itertools.chain(*other), strict=True))
    return Finding(
        promise='The same seed gives the same samples in the same order, bit for bit.',
        tested=f'{amount.epochs} epochs of {amount.videos} samples, twice; SHA-256 of all tensors',
        figure=f'{sum(a == b for a, b in pairs)} of {len(pairs)} equal',
        held=bool(pairs) and all(a == b for a, b in pairs),
    )


def workers_change_nothing(runs: dict[int, list[list[str]]], amount: Amount) -> Finding:
    same = [workers for workers, run in runs.items() if run == runs[0]]
    return Finding(
        promise='The number of data-loader workers does not change the samples or their order.',
        tested=f'{", ".join(map(str, runs))} workers, {amount.epochs} epochs of {amount.videos} samples each',
        figure=f'equal to no workers: {", ".join(map(str, same))}',
        held=len(same) == len(runs),
        guard='tests/datasets/test_dataset.py::test_workers_do_not_change_the_samples',
    )


def epochs_differ(epochs: list[list[str]], amount: Amount) -> Finding:
    """Every sample of every epoch is its own: a video that comes again is cropped and coloured anew."""
    samples = list(itertools.chain(*epochs))
    repeated = len(samples) - len(set(samples))
    return Finding(
        promise='Every epoch draws its own augmentations.',
        tested=f'{amount.epochs} epochs of {amount.videos} samples of 8 videos; equal tensors are counted',
        figure=f'{repeated} of {len(samples)} samples repeat an earlier one',
        held=not repeated,
    )


def trainings_repeat(folder: Path, videos: Path, amount: Amount) -> Finding:
    """Two runs of one seed and one of another, in processes of their own."""
    length = soak.Amount(amount.videos, amount.training_epochs, 1.0)
    runs = {folder / name: seed for name, seed in (('first', SEED), ('second', SEED), ('other_seed', SEED + 1))}
    changes = {'model.motion_head.predictor.dropout': 0.1}
    started = [soak.start_in(run, videos, length, changes | {'randomness.seed': seed}) for run, seed in runs.items()]
    try:
        for process, readings in started:
            soak.finish(process, readings)
    finally:
        for process, _ in started:
            process.kill()
    last = f'work/epoch_{amount.training_epochs}.pth'
    one, again, other = (hash_tensors(read_state_dict(run / last).items()) for run in runs)
    return Finding(
        promise='The same seed gives the same weights, bit for bit (on a CPU).',
        tested=f'{amount.training_epochs} epochs of {amount.videos} samples with dropout and workers, twice; once with '
        'another seed',
        figure=f'weights {one[:12]} and {again[:12]}; of the other seed {other[:12]}',
        held=one == again != other,
    )


def ranks_agree(amount: Amount) -> Finding:
    from joined_batch import worst_error

    errors = {ranks: worst_error(ranks=ranks, videos=8) for ranks in amount.ranks}
    return Finding(
        promise='Several processes give the losses, gradients and statistics of one on the same global batch.',
        tested='two steps of a small recognizer with all heads on 8 videos in fp64: gloo processes against one process',
        figure='; '.join(f'{ranks} processes differ by {error:.0e}' for ranks, error in errors.items()) + ', relative',
        held=max(errors.values()) < 1e-12,
        guard='tests/models/test_recognizer.py::test_two_processes_equal_one_in_every_gradient_and_statistic',
    )
