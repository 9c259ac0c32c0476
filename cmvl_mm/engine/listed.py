"""The videos and labels that a data set will give, known from its lists before anything is read."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple


class Listed(NamedTuple):
    """One sample's line."""

    source: str
    """The list's file."""
    path: str
    """As it stands in the list."""
    label: Any
    """A class, or None; other data sets may have several a video."""


def listed(dataset: Any) -> Iterator[Listed]:
    """Every line of a data set, through wrappers, in the order of the samples; nothing of one that has no list.

    Args:
        dataset: `CompressedVideoDataset`, a data set of MMAction2's, or a wrapper round such (torch's and MMEngine's).
    """
    if hasattr(dataset, 'entries'):
        for entry in dataset.entries:
            yield Listed(dataset.ann_file, entry.path, entry.label)
    elif hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from listed(part)
    elif hasattr(dataset, 'dataset'):
        yield from listed(dataset.dataset)
    elif hasattr(dataset, 'get_data_info'):
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            path = info.get('filename') or info.get('frame_dir') or str(index)
            yield Listed(str(dataset.ann_file), str(path), info.get('label'))


@lru_cache(maxsize=2)
def list_digest(dataset: Any) -> str | None:
    """SHA-256 of the paths and labels in their order, wherever the list lies; None of a data set without a list."""
    digest = hashlib.sha256()
    for line in listed(dataset):
        digest.update(f'{line.path}\t{line.label}\n'.encode())
    return None if digest.digest() == hashlib.sha256().digest() else digest.hexdigest()
