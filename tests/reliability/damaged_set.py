"""A data set with broken videos: epochs end, all have the exact list, stand-ins follow a rule, too many stop it."""

import re
import tempfile
from pathlib import Path

import numpy as np
from broken_training import SEED, TINY, Training, VideoSet, make_set
from finding import Finding, Size
from mmaction.registry import DATASETS
from short_run import config, hash_tensors
from torch.utils.data import DataLoader

from cmvl_mm.datasets.sample_index import order_generator
from cmvl_mm.engine.sampler import ResumableSampler


def findings(size: Size) -> list[Finding]:
    """1 % and 5 % broken videos that may be replaced, and 10 % that may not; light: 5 % and 10 % of a short list."""
    videos, shares, workers = (40, [5], (0, 2)) if size == 'light' else (400, [1, 5], (0, 2, 4))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sets = {share: make_set(folder / f'broken{share}', videos, share) for share in shares}
        trainings = (
            [(5, 2, 2)]
            if size == 'light'
            else [(share, ranks, w) for share in sets for ranks in (1, 2) for w in workers]
        )
        return [
            *epochs_end(sets, trainings, folder),
            stand_ins_follow_a_rule(sets, workers),
            too_many_stop_the_run(folder, videos),
        ]


def epochs_end(sets: dict[int, VideoSet], trainings: list[tuple[int, int, int]], folder: Path) -> list[Finding]:
    """Train one epoch and hold each process's list against the truth; look at every picture that was trained on."""
    exact, ended, flattest, pictures = 0, 0, np.inf, 0
    lists = 0
    for share, ranks, workers in trainings:
        run = Training(sets[share], ranks, workers, folder / f'run_{share}_{ranks}_{workers}')
        ended += run.codes == [0] * ranks
        lists += ranks
        exact += sum(set(reported) == sets[share].broken for reported in run.reported)
        for watched in run.watched:
            spreads = [sample['spread'] for line in watched for sample in line['samples']]
            flattest, pictures = min(flattest, *spreads), pictures + len(spreads)
    tested = (
        f'{len(trainings)} trainings of one epoch on {sets[5].videos} videos, {" or ".join(map(str, sets))} % of them '
        f'empty, missing, cut off, noise, or undecodable; processes {sorted({ranks for _, ranks, _ in trainings})}, '
        f'workers {sorted({workers for *_, workers in trainings})}'
    )
    return [
        Finding(
            promise='An epoch completes in spite of broken videos, and every process reports the exact list of them.',
            tested=tested,
            figure=f'{ended} of {len(trainings)} trainings ended; {exact} of {lists} lists equal the truth.',
            held=ended == len(trainings) and exact == lists,
        ),
        Finding(
            promise='No broken video is replaced by zeros.',
            tested='the same trainings, every clip',
            figure=f'{pictures} clips; the flattest has a standard deviation of {flattest:.0f} grey values.',
            held=flattest > 5,
        ),
    ]


def stand_ins_follow_a_rule(sets: dict[int, VideoSet], workers: tuple[int, ...]) -> Finding:
    """The samples of an epoch, however it is shared among processes and workers and wherever it is entered."""
    differing, compared, replaced, ways = 0, 0, 0, 0
    for videos in sets.values():
        expected = epoch_of_samples(videos, workers=0, ranks=1)
        replaced += sum(bool(skipped) for _, skipped, _ in expected.values())
        for count in workers:
            for ranks in (1, 2):
                for start in (0, len(expected) // ranks // 2):
                    found = epoch_of_samples(videos, workers=count, ranks=ranks, start=start)
                    assert len(found) == len(expected) - start * ranks
                    ways, compared = ways + 1, compared + len(found)
                    differing += sum(found[place] != expected[place] for place in found)
    return Finding(
        promise='The replacement of a broken video depends on seed, epoch and index alone.',
        tested=f'{ways} ways through an epoch: {workers} workers, 1 and 2 processes, from its start and resumed in its '
        'middle; SHA-256 of all inputs',
        figure=f'{differing} of {compared} samples differ; {replaced} videos were replaced.',
        held=differing == 0 and replaced > 0,
    )


def too_many_stop_the_run(folder: Path, videos: int) -> Finding:
    """10 % broken where 5 % are allowed, all of them among those that the second process draws."""
    mine = order_generator(SEED, 0).permutation(videos)[1::2]
    damaged = make_set(folder / 'too_many', videos, 10, among=mine)
    run = Training(damaged, 2, 0, folder / 'run_too_many')
    named = [set(re.findall(r'^(?:\[rank\d\]:)? +\S*(video\d+\.mp4): ', text, re.MULTILINE)) for text in run.printed]
    passed = next(line['time'] for line in run.watched[1] if line['met'] > 0.05 * videos)
    seconds = max(run.ended) - passed
    stopped = all(code not in (0, None) for code in run.codes) and all(
        'TooManyBrokenVideos' in text for text in run.printed
    )
    same = named[0] == named[1] and 0.05 * videos < len(named[0]) <= len(damaged.broken) and named[0] <= damaged.broken
    return Finding(
        promise='Beyond the allowed share of broken videos, all processes stop with the same list and an error code.',
        tested=f'2 gloo processes, {len(damaged.broken)} of {videos} videos broken, all met by one of them; 5 % are '
        'allowed, the log has a line every 2 iterations',
        figure=f'Exit codes {run.codes}; both name the same {len(named[0])} videos; both ended {seconds:.1f} s after '
        'the share was passed.',
        held=stopped and same and seconds < 30,
    )


def epoch_of_samples(
    videos: VideoSet, *, workers: int, ranks: int, start: int = 0
) -> dict[int, tuple[str, tuple[str, ...], str]]:
    """Place in the epoch -> path, paths that could not be used, hash of all inputs."""
    dataset = DATASETS.build(config(TINY | videos.options).train_dataloader.dataset)
    found = {}
    for rank in range(ranks):
        sampler = ResumableSampler(dataset, seed=SEED)
        sampler.rank, sampler.world_size = rank, ranks
        sampler.set_epoch(1)
        sampler.set_start(start)
        fork = 'fork' if workers else None
        loader = DataLoader(
            dataset, batch_size=None, sampler=sampler, num_workers=workers, multiprocessing_context=fork
        )
        for number, sample in enumerate(loader, start=start):
            one, inputs = sample['data_samples'], sample['inputs']
            skipped = tuple(entry.path for entry in one.skipped)
            found[number * ranks + rank] = one.path, skipped, hash_tensors(sorted(inputs.items()))
    return found
