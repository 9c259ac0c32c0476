"""Whoever drives the data set, no video gives the same clip twice, and the same seed gives the same again."""

import copy
import multiprocessing
import pickle

import pytest
import torch
from mmaction.registry import DATASETS
from mmaction.structures import ActionDataSample
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.registry import FUNCTIONS
from torch.utils.data import DataLoader, DistributedSampler, Subset, WeightedRandomSampler

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets import clock
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config

EPOCHS = 3
VIDEOS = 8


def drawn(self, position, rng):
    """In place of `_load`: the first draw, and nothing is decoded."""
    sample = ActionDataSample()
    sample.set_metainfo(dict(path=self.entries[position].path, draw=int(rng.integers(1 << 62))))
    return dict(inputs={}, data_samples=sample)


def pairs(samples) -> list[tuple[str, int]]:
    return [(sample['data_samples'].path, sample['data_samples'].draw) for sample in samples]


@pytest.fixture
def build(repository, controlled_set, monkeypatch):
    monkeypatch.setattr(CompressedVideoDataset, '_load', drawn)
    monkeypatch.delenv('RANK', raising=False)
    settings = load_config(repository / 'configs/demo/pretrain.py').train_dataloader.dataset
    settings.ann_file, settings.data_prefix.video = str(controlled_set / 'train.txt'), str(controlled_set)
    return lambda **changes: DATASETS.build(settings.to_dict() | changes)


def loader(dataset, workers, persistent=False, **arguments):
    context = 'fork' if workers else None
    arguments = dict(batch_size=3, collate_fn=pairs, multiprocessing_context=context) | arguments
    return DataLoader(dataset, num_workers=workers, persistent_workers=persistent, **arguments)


def flat(batches) -> list[tuple[str, int]]:
    return [pair for batch in batches for pair in batch]


def shuffled(dataset, **kind):
    """Lightning's `shuffle=True`, and every plain loop's."""
    batches = loader(dataset, shuffle=True, **kind)
    return [flat(batches) for _ in range(EPOCHS)]


def default_sampler(dataset, **kind):
    """MMEngine's own epoch loop without our hook."""
    batches = loader(dataset, sampler=DefaultSampler(dataset, seed=1), **kind)
    return [flat(batches) for epoch in range(EPOCHS) if batches.sampler.set_epoch(epoch) is None]


def infinite_sampler(dataset, **kind):
    """MMEngine's loop over iterations; it fetches ahead, into the next pass."""
    batches = iter(loader(dataset, sampler=InfiniteSampler(dataset, seed=1), **kind))
    return [flat(next(batches) for _ in range(EPOCHS * VIDEOS // 3))]


def weighted_sampler(dataset, **kind):
    """Most of an epoch is one video."""
    weights = [100] + [1] * (VIDEOS - 1)
    batches = loader(dataset, sampler=WeightedRandomSampler(weights, 2 * VIDEOS, replacement=True), **kind)
    return [flat(batches) for _ in range(EPOCHS)]


def weighted_with_epochs(dataset, **kind):
    weights = [100] + [1] * (VIDEOS - 1)
    batches = loader(dataset, sampler=WeightedRandomSampler(weights, 2 * VIDEOS, replacement=True), **kind)
    return [flat(batches) for epoch in range(EPOCHS) if dataset.set_epoch(epoch) is None]


def as_accelerate(dataset, **kind):
    """It tells the data set, at the start of each iteration."""
    batches = loader(dataset, shuffle=True, **kind)
    return [flat(batches) for epoch in range(EPOCHS) if batches.dataset.set_epoch(epoch) is None]


def told_once(dataset, **kind):
    dataset.set_epoch(0)
    return shuffled(dataset, **kind)


def same_generator():
    """A loader with it begins each epoch with one seed, so that nothing but the data set can know of the others."""
    return torch.Generator().manual_seed(torch.initial_seed())


def a_loader_an_epoch(dataset, **kind):
    return [flat(loader(dataset, generator=same_generator(), **kind)) for _ in range(EPOCHS)]


def a_copy_an_epoch(dataset, **kind):
    return [flat(loader(copy.deepcopy(dataset), generator=same_generator(), **kind)) for _ in range(EPOCHS)]


def a_pickle_an_epoch(dataset, **kind):
    copies = (pickle.loads(pickle.dumps(dataset)) for _ in range(EPOCHS))
    return [flat(loader(each, generator=same_generator(), **kind)) for each in copies]


def subset(dataset, **kind):
    return shuffled(Subset(dataset, [*range(VIDEOS)]), **kind)


DRIVERS = (
    shuffled,
    default_sampler,
    infinite_sampler,
    weighted_sampler,
    weighted_with_epochs,
    as_accelerate,
    told_once,
    a_loader_an_epoch,
    a_copy_an_epoch,
    a_pickle_an_epoch,
    subset,
)
KINDS = (dict(workers=0), dict(workers=2), dict(workers=2, persistent=True))


@pytest.mark.parametrize('kind', KINDS, ids=['0', '2', 'persistent'])
@pytest.mark.parametrize('drive', DRIVERS)
def test_no_clip_comes_twice_and_the_seed_decides(build, drive, kind):
    def run(seed):
        torch.manual_seed(seed)
        return drive(build(), **kind)

    epochs = run(1)
    every = flat(epochs)
    assert len(every) == len(set(every)) >= EPOCHS * VIDEOS
    assert run(1) == epochs
    assert not set(every) & set(flat(run(2)))


@pytest.mark.parametrize('kind', KINDS, ids=['0', '2', 'persistent'])
@pytest.mark.parametrize('told', [False, True])
def test_two_ranks_never_share_a_clip(build, monkeypatch, kind, told):
    """The second rank gets in one epoch what the first had in another, and both have one seed."""
    every = []
    for rank in range(2):
        monkeypatch.setenv('RANK', str(rank))
        torch.manual_seed(1)
        dataset = build()
        batches = loader(dataset, sampler=DistributedSampler(dataset, 2, rank, shuffle=False), **kind)
        own = DistributedSampler(dataset, 2, 1 - rank, shuffle=False)
        swapped = loader(dataset, sampler=own, **kind)
        for epoch, each in enumerate((batches, swapped, batches)):
            if told:
                dataset.set_epoch(epoch)
            every += flat(each)
    assert len(every) == len(set(every)) == 2 * 3 * VIDEOS // 2


def of_a_group(rank, address, dataset, found):
    torch.distributed.init_process_group('gloo', init_method=address, rank=rank, world_size=2)
    torch.manual_seed(1)
    found.put(pairs(dataset[index] for index in range(VIDEOS)) + flat(loader(dataset, 1)))
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_ranks_of_a_process_group_are_told_apart(build, tmp_path):
    """One data set, made before the processes were, and one seed; twice, with the same clips."""

    def run(number):
        fork, dataset = multiprocessing.get_context('fork'), build()
        found, address = fork.SimpleQueue(), f'file://{tmp_path}/store{number}'
        ranks = [fork.Process(target=of_a_group, args=(rank, address, dataset, found)) for rank in range(2)]
        for rank in ranks:
            rank.start()
        seen = [found.get() for _ in ranks]
        for rank in ranks:
            rank.join(timeout=30)
        return sorted(pair for pairs in seen for pair in pairs)

    every = run(0)
    assert len(every) == len(set(every)) == 4 * VIDEOS
    assert run(1) == every


def forked(dataset, found):
    found.put(pairs(dataset[index] for index in range(VIDEOS)))


def test_processes_of_a_pool_never_share_a_clip(build):
    """They are no data loader's workers and have no rank; two come and go in each of two epochs."""
    dataset, fork = build(), multiprocessing.get_context('fork')
    found, every = fork.SimpleQueue(), pairs(dataset[index] for index in range(VIDEOS))
    for _ in range(2):
        for _ in range(2):
            process = fork.Process(target=forked, args=(dataset, found))
            process.start()
            every += found.get()
            process.join()
    assert len(every) == len(set(every)) == 5 * VIDEOS


def test_an_epoch_set_again_gives_its_clips_again_and_says_so(build):
    dataset = build()

    def epoch(number, **seed):
        dataset.set_epoch(number, **seed)
        return pairs(dataset[index] for index in range(VIDEOS))

    first = epoch(0)
    assert not set(first) & set(epoch(1))
    assert epoch(0) == first
    dataset.set_epoch(1)
    dataset.set_epoch(1)  # a hook and a library, before anything is read
    dataset[0]
    with pytest.warns(UserWarning, match=r'Epoch 1 of the data set is set again .* Remedy'):
        dataset.set_epoch(1)
    for number in (-1, 1 << 24):
        with pytest.raises(ValueError, match=f'epoch={number} is outside 0 ... 16777215'):
            dataset.set_epoch(number)


@pytest.mark.parametrize('kind', KINDS, ids=['0', '2', 'persistent'])
def test_a_run_that_tells_the_epoch_goes_on_where_it_ended(build, kind):
    def run(epochs):
        torch.manual_seed(4)
        dataset = build()
        batches = loader(dataset, sampler=DefaultSampler(dataset, seed=1), **kind)
        for epoch in epochs:
            batches.sampler.set_epoch(epoch)
            dataset.set_epoch(epoch)
            yield flat(batches)

    assert list(run(range(3)))[2] == next(run([2]))


def test_with_the_run_s_seed_a_plain_integer_is_the_sampler_s_index(build, monkeypatch):
    dataset = build()
    expected = pairs(dataset[SampleIndex(index, epoch=2, seed=7)] for index in range(VIDEOS))
    for rank in range(2):
        monkeypatch.setenv('RANK', str(rank))
        for workers in (0, 2):
            dataset.set_epoch(2, seed=7)
            assert flat(loader(dataset, workers)) == expected
            dataset.set_epoch(3, seed=7)


def test_the_clock_knows_of_plain_integers_in_workers(build):
    dataset = build()
    dataset.set_epoch(0, seed=1)
    dataset[SampleIndex(0, epoch=0, seed=1)]
    assert not dataset.clock.was_asked
    flat(loader(dataset, 2))
    assert dataset.clock.was_asked
    dataset.set_epoch(1, seed=1)
    assert not dataset.clock.was_asked


def test_a_copy_that_shares_nothing_is_told_once(build, monkeypatch):
    sent = pickle.dumps(build())
    monkeypatch.setattr(clock, '_clocks', {})  # as in another process
    received = pickle.loads(sent)
    with pytest.warns(UserWarning, match=r'copy from process \d+, and shares nothing.*Remedy: call dataset\.set_epoch'):
        received[0]
    received[1]
    told = pickle.loads(sent)
    told.set_epoch(0)
    told[0]
    monkeypatch.setenv('RANK', '0')  # a process of its own right
    pickle.loads(sent)[0]


def test_a_test_draws_the_same_whenever_it_runs(build):
    dataset = build(test_mode=True)
    fixed = pairs(dataset[SampleIndex(index)] for index in range(VIDEOS))
    for seed in range(2):
        torch.manual_seed(seed)
        assert pairs(dataset[index] for index in range(VIDEOS)) == fixed


@pytest.mark.slow
def test_spawned_workers_share_the_clock(repository, controlled_set):
    """Real clips: epochs differ in workers that outlive them, and `set_epoch` reaches those."""
    settings = load_config(repository / 'configs/demo/finetune.py').train_dataloader.dataset
    settings.ann_file, settings.data_prefix.video = str(controlled_set / 'train.txt'), str(controlled_set)
    dataset = DATASETS.build(settings.to_dict())
    batches = loader(
        Subset(dataset, [0, 1]),
        1,
        persistent=True,
        collate_fn=FUNCTIONS.get('compressed_collate'),
        multiprocessing_context='spawn',
    )
    counted = [next(iter(batches))['inputs']['imgs'].clone() for _ in range(2)]
    told = []
    for epoch in (5, 6, 5):
        dataset.set_epoch(epoch)
        told.append(next(iter(batches))['inputs']['imgs'].clone())
    for one, other in ((counted[0], counted[1]), (told[0], told[1])):
        assert all(not torch.equal(*videos) for videos in zip(one, other, strict=True))
    assert torch.equal(told[0], told[2])
