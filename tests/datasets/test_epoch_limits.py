"""What `docs/epochs.md` says of accelerate, and loops where plain integers have limits and the sampler has none."""

import pytest
from accelerate.data_loader import prepare_data_loader
from torch.utils.data import DataLoader, Dataset

from cmvl_mm.datasets.clock import Clock
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.sampler import ResumableSampler


class Draws(Dataset):
    """16 samples, each its position and first draw."""

    def __init__(self):
        self.clock = Clock()

    def __len__(self):
        return 16

    def __getitem__(self, index):
        index = index if isinstance(index, SampleIndex) else self.clock.index(index)
        return int(index), int(index.generator().integers(1 << 62))

    def set_epoch(self, epoch, seed=None):
        self.clock.set_epoch(epoch, seed)

    def now(self):
        """Epoch, and the seed of a plain integer's draws."""
        index = self.clock.index(0)
        return index.epoch, index.seed


def flat(batches):
    return [pair for batch in batches for pair in batch]


@pytest.mark.parametrize(
    ('processes', 'seedable', 'told'), [(1, True, True), (1, False, True), (2, True, False), (2, False, True)]
)
def test_accelerate_replaces_epoch_and_seed(processes, seedable, told):
    dataset = Draws()
    batches = prepare_data_loader(
        DataLoader(dataset, 2, shuffle=True),
        num_processes=processes,
        process_index=0,
        put_on_device=False,
        use_seedable_sampler=seedable,
    )
    dataset.set_epoch(5, seed=7)
    next(iter(batches))
    epoch, seed = dataset.now()
    assert (epoch, seed == 7) == ((0, False) if told else (5, True))
    batches.set_epoch(3)
    dataset.set_epoch(3)
    next(iter(batches))
    assert dataset.now()[0] == 3  # both were called: the epoch is the loop's on any number of processes


def expected(epoch, share=8):
    """The first batches of an epoch of a sampler with the seed 3, without a loader."""
    sampler = ResumableSampler(Draws(), seed=3)
    sampler.set_epoch(epoch)
    dataset = Draws()
    return [dataset[index] for index in list(sampler)[:share]]


def loader(dataset, persistent):
    sampler = ResumableSampler(dataset, seed=3)
    how = dict(num_workers=2, persistent_workers=persistent, multiprocessing_context='fork', collate_fn=list)
    return DataLoader(dataset, 2, sampler=sampler, **how)


@pytest.mark.parametrize('persistent', [False, True])
def test_an_epoch_left_early_changes_nothing_for_the_sampler(persistent):
    dataset = Draws()
    batches = loader(dataset, persistent)
    for epoch in range(4):
        batches.sampler.set_epoch(epoch)
        dataset.set_epoch(epoch)
        started = iter(batches)
        assert flat(next(started) for _ in range(4)) == expected(epoch), f'epoch {epoch}'
        del started


@pytest.mark.parametrize('persistent', [False, True])
def test_two_loaders_at_once_change_nothing_for_the_sampler(persistent):
    dataset = Draws()
    both = [loader(dataset, persistent) for _ in range(2)]
    for epoch in range(3):
        dataset.set_epoch(epoch)
        for each in both:
            each.sampler.set_epoch(epoch)
        read = list(zip(*both, strict=True))
        for each in range(2):
            assert flat(batches[each] for batches in read) == expected(epoch, share=16), f'epoch {epoch}'
