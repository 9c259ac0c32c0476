"""The videos and labels that a data set will give, known from its lists before anything is read."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from cmvl_mm.datasets.wrappers import inner, order_of


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

    A wrapper that leaves lines out or repeats them does so here, if it is one of torch's or MMEngine's; of another one
    all lines are given.

    Args:
        dataset: `CompressedVideoDataset`, a data set of MMAction2's, or a wrapper round such (torch's and MMEngine's).
    """
    parts = inner(dataset)
    if len(parts) == 1:
        yield from _of_wrapper(dataset, parts[0])
    elif parts:
        for part in parts:
            yield from listed(part)
    elif hasattr(dataset, 'entries'):
        for entry in dataset.entries:
            yield Listed(dataset.ann_file, entry.path, entry.label)
    elif hasattr(dataset, 'get_data_info'):
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            path = info.get('filename') or info.get('frame_dir') or str(index)
            yield Listed(str(dataset.ann_file), str(path), info.get('label'))


def _of_wrapper(dataset: Any, wrapped: Any) -> Iterator[Listed]:
    order, values = order_of(dataset), getattr(dataset, '__dict__', {})
    if order is not None:
        lines = list(listed(wrapped))
        yield from (lines[position] for position in order if lines)
    elif isinstance(values.get('times'), int):  # MMEngine's RepeatDataset
        lines = list(listed(wrapped))
        for _ in range(values['times']):
            yield from lines
    elif isinstance(values.get('_length'), int):  # what MMEngine's Runner makes for num_batch_per_epoch
        yield from islice(listed(wrapped), values['_length'])
    else:
        yield from listed(wrapped)


def distinct_videos(dataset: Any) -> int:
    """How many different videos there are: lines that a wrapper repeats count once. Without a list, the samples."""
    return len({(line.source, line.path) for line in listed(dataset)}) or len(dataset)


def list_digest(dataset: Any) -> str | None:
    """SHA-256 of the paths and labels in their order, wherever the list lies; None of a data set without a list."""
    text = ''.join([f'{path}\t{label}\n' for _, path, label in listed(dataset)])
    return hashlib.sha256(text.encode()).hexdigest() if text else None
