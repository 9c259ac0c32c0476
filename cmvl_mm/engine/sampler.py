"""The order of an epoch, which can start at any position."""

from collections.abc import Iterator, Sized
from itertools import islice

from mmaction.registry import DATA_SAMPLERS
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from cmvl_mm.datasets.order import epoch_order
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.wrappers import carry_through


@DATA_SAMPLERS.register_module()
class ResumableSampler(Sampler[int]):
    """Yields `SampleIndex`es: each position together with the epoch and the run's seed.

    All processes use the same order, and each takes every `world_size`-th entry, so that a global batch holds the same
    samples on 1, 2 or 4 processes. The last few samples that do not divide evenly are left out of the epoch.

    The order of a long list is computed position by position and not stored, see `datasets.order`.

    Wrappers that look up an index in a list (torch's Subset, MMEngine's ClassBalancedDataset) would lose epoch and
    seed; the sampler replaces their lists by equal ones that keep both.

    Args:
        dataset: any object with a length.
        seed: seed of the run, passed by MMEngine.
        shuffle: whether every epoch has a new order.
    """

    def __init__(self, dataset: Sized, seed: int | None = None, shuffle: bool = True) -> None:
        self.rank, self.world_size = get_dist_info()
        self.length = len(dataset)
        self.seed = sync_random_seed() if seed is None else seed
        self.shuffle = shuffle
        self.epoch = 0
        self.start = 0
        carry_through(dataset)
        if self.length < self.world_size:
            raise ValueError(f'{self.length} samples are too few for {self.world_size} processes')

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; the loop and MMEngine's DistSamplerSeedHook call this before each epoch."""
        self.epoch = epoch

    def set_start(self, start: int) -> None:
        """Let the next iteration over the sampler, and only that one, begin after `start` samples of this process."""
        if not 0 <= start <= len(self):
            raise ValueError(f'start={start} is outside the {len(self)} samples of an epoch')
        self.start = start

    def __len__(self) -> int:
        """Number of samples of a whole epoch on this process, wherever the next iteration starts."""
        return self.length // self.world_size

    def __iter__(self) -> Iterator[SampleIndex]:
        start, self.start = self.start, 0
        first, end = self.rank + start * self.world_size, len(self) * self.world_size
        if self.shuffle:
            order = epoch_order(self.length, self.seed, self.epoch, first, self.world_size)
        else:
            order = iter(range(first, end, self.world_size))
        for index in islice(order, len(self) - start):
            yield SampleIndex(index, epoch=self.epoch, seed=self.seed)
