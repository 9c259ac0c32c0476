"""Find data sets inside wrappers of torch and MMEngine, and keep epoch and seed of an index in a wrapper."""

from collections.abc import Iterator
from typing import Any

from mmengine.dataset import ClassBalancedDataset
from torch.utils.data import Subset

from .dataset import CompressedVideoDataset
from .sample_index import SampleIndex

_LOOKED_UP = {Subset: 'indices', ClassBalancedDataset: 'repeat_indices'}
"""Wrappers that look an index up in a list -> name of the list."""


def inner(dataset: Any) -> list[Any]:
    """The data sets in a wrapper of torch or MMEngine; empty for a data set that wraps nothing."""
    if '_dataset' in getattr(dataset, '__dict__', ()):  # first, as MMEngine's wrapper delegates all other names
        return [dataset._dataset]
    if hasattr(dataset, 'datasets'):
        return list(dataset.datasets.values() if isinstance(dataset.datasets, dict) else dataset.datasets)
    wrapped = getattr(dataset, 'dataset', None)
    return [wrapped] if hasattr(wrapped, '__getitem__') or hasattr(wrapped, 'entries') else []


def within(dataset: Any) -> Iterator[Any]:
    """The data set and all data sets in it, at any depth."""
    yield dataset
    for part in inner(dataset):
        yield from within(part)


def compressed_parts(dataset: Any) -> list[CompressedVideoDataset]:
    """Every `CompressedVideoDataset` in a data set, each once."""
    found = {id(part): part for part in within(dataset) if isinstance(part, CompressedVideoDataset)}
    return list(found.values())


def order_of(dataset: Any) -> list[int] | None:
    """The positions that a wrapper looks up, in its order; None for a data set without such a list."""
    name = _name_of_order(dataset)
    return None if name is None else [int(position) for position in getattr(dataset, name)]


class CarryingList(list[int]):
    """A list of positions; a lookup keeps epoch and seed of the index."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return index.at(found) if isinstance(index, SampleIndex) else found


def carry_through(dataset: Any) -> None:
    """Make wrappers that look an index up in a list keep its epoch and seed. Other wrappers keep them by arithmetic."""
    for part in within(dataset):
        order, name = order_of(part), _name_of_order(part)
        if order is not None and name is not None:
            setattr(part, name, CarryingList(order))


def _name_of_order(dataset: Any) -> str | None:
    return next((name for kind, name in _LOOKED_UP.items() if isinstance(dataset, kind)), None)
