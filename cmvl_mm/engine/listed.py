"""The videos and labels of a data set, known from its lists before any video is read.

A list may have millions of lines, so code that visits every line works on arrays, or line by line.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from cmvl_mm.datasets.list_scan import NO_LABEL
from cmvl_mm.datasets.video_list import VideoList
from cmvl_mm.datasets.wrappers import inner, order_of

UNLABELLED, OTHER_LABEL = np.iinfo(np.int64).min, np.iinfo(np.int64).min + 1
"""Values in an array of labels: no label, and a label that is not a whole number, such as several classes."""


class Listed(NamedTuple):
    """The list line of one sample."""

    source: str
    """Path of the list file."""
    path: str
    """Path of the video as written in the list."""
    label: Any
    """A class, or None; other data sets may have several classes per video."""


def gathered(dataset: Any, of_list: Callable[[Any], np.ndarray]) -> np.ndarray:
    """(n,) values of a data set's lines in the order of its samples, through wrappers; (0,) without a list.

    Wrappers of torch and MMEngine that omit or repeat lines do so here as well; other wrappers give all lines.

    Args:
        dataset: `CompressedVideoDataset`, a data set of MMAction2, or a wrapper around one (torch's and MMEngine's).
        of_list: function from a data set that wraps nothing to the values of its lines.
    """
    parts = inner(dataset)
    if len(parts) != 1:
        return np.concatenate([gathered(part, of_list) for part in parts]) if parts else of_list(dataset)
    values, attributes = gathered(parts[0], of_list), getattr(dataset, '__dict__', {})
    order = order_of(dataset)
    if order is not None:
        return values[np.asarray(order, np.int64)] if len(values) else values
    if isinstance(attributes.get('times'), int):  # MMEngine's RepeatDataset
        return np.tile(values, attributes['times'])
    if isinstance(attributes.get('_length'), int):  # MMEngine's Runner makes this for num_batch_per_epoch
        return values[: attributes['_length']]
    return values


class Listing:
    """Every line of a data set, in the order of its samples; empty without a list.

    Args:
        dataset: as for `gathered`.
    """

    def __init__(self, dataset: Any) -> None:
        self._parts: list[Any] = []
        self._begins = [0]
        self._lines = gathered(dataset, self._add)

    def _add(self, dataset: Any) -> np.ndarray:
        """Add the lines of a data set that wraps nothing; returns their numbers, which follow those already added."""
        begin, count = self._begins[-1], _lines_of(dataset)
        self._parts.append(dataset)
        self._begins.append(begin + count)
        return np.arange(begin, begin + count)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Listed]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Listed:
        dataset, position = self.place(index)
        if hasattr(dataset, 'entries'):
            entry = dataset.entries[position]
            return Listed(dataset.ann_file, entry.path, entry.label)
        info = dataset.get_data_info(position)
        path = info.get('filename') or info.get('frame_dir') or str(position)
        return Listed(str(dataset.ann_file), str(path), info.get('label'))

    def place(self, index: int) -> tuple[Any, int]:
        """The innermost data set that a sample comes from, and the sample's position in it."""
        line = int(self._lines[index])
        part = bisect_right(self._begins, line) - 1
        return self._parts[part], line - self._begins[part]

    def counts(self) -> dict[str, int]:
        """Number of lines of each list, in the order of each list's first line."""
        if len(self._parts) == 1 and len(self):
            return {str(self._parts[0].ann_file): len(self)}
        parts = np.searchsorted(self._begins, self._lines, 'right') - 1
        numbers, firsts, counts = np.unique(parts, return_index=True, return_counts=True)
        found: dict[str, int] = {}
        for order in np.argsort(firsts).tolist():
            source = str(self._parts[numbers[order]].ann_file)
            found[source] = found.get(source, 0) + int(counts[order])
        return found


def listed(dataset: Any) -> Iterator[Listed]:
    """Every line, in the order of the samples."""
    return iter(Listing(dataset))


def _lines_of(dataset: Any) -> int:
    if hasattr(dataset, 'entries'):
        return len(dataset.entries)
    return len(dataset) if hasattr(dataset, 'get_data_info') else 0


def labels_of(dataset: Any) -> np.ndarray:
    """(n,) int64, the label of each sample, `UNLABELLED` or `OTHER_LABEL`; (0,) for a data set without a list."""
    return gathered(dataset, _labels)


def _labels(dataset: Any) -> np.ndarray:
    entries = getattr(dataset, 'entries', None)
    if isinstance(entries, VideoList):
        labels = entries.labels.astype(np.int64)
        labels[labels == NO_LABEL] = UNLABELLED
        return labels
    given = (line.label for line in Listing(dataset))
    return np.array([_as_number(label) for label in given], np.int64)


def _as_number(label: Any) -> int:
    if label is None:
        return UNLABELLED
    return label if isinstance(label, int) else OTHER_LABEL


def distinct_videos(dataset: Any) -> int:
    """Number of different videos: lines that a wrapper repeats count once. Without a list, the number of samples.

    Paths are compared by 64-bit hashes: with ten million lines, one list in 300,000 has two different lines counted as
    one.
    """
    hashes = gathered(dataset, _hashes)
    hashes.sort()  # numpy 2.4's unique() takes 11 s and 500 MB for ten million
    return int((hashes[1:] != hashes[:-1]).sum()) + 1 if len(hashes) else len(dataset)


def _hashes(dataset: Any) -> np.ndarray:
    entries = getattr(dataset, 'entries', None)
    if isinstance(entries, VideoList):
        return entries.path_hashes() ^ hash(dataset.ann_file)
    return np.array([hash((line.source, line.path)) for line in Listing(dataset)], np.int64)


def list_digest(dataset: Any) -> str | None:
    """SHA-256 of the paths and labels in order, for any location of the list; None for a data set without a list."""
    entries = getattr(dataset, 'entries', None)
    if isinstance(entries, VideoList) and not inner(dataset):
        return entries.sha256()
    lines, digest = Listing(dataset), hashlib.sha256()
    for _, path, label in lines:
        digest.update(f'{path}\t{label}\n'.encode())
    return digest.hexdigest() if lines else None
