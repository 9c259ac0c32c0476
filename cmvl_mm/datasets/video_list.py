"""The entries of a list without one object per entry: 12 bytes per line, and a line is parsed on access.

A list of ten million lines as Python tuples takes 2 GB, and again in every data-loader worker, since reference
counting writes to each page. NumPy arrays stay shared by forked processes.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Self, overload

import numpy as np

from .list_file import BLANKS, Entry, parse_line
from .list_scan import canonical
from .list_source import ListSource


class VideoList(Sequence[Entry]):
    """Entries of a list, or some of them.

    Args:
        source: the list's bytes.
        starts, stops: (n,) first byte of each line, and one past its last; the range may include line feeds and
            blanks at the ends.
        labels: (n,) class of each line, or `NO_LABEL`.
        complete: whether these are all lines, in their order.
    """

    def __init__(
        self, source: ListSource, starts: np.ndarray, stops: np.ndarray, labels: np.ndarray, *, complete: bool
    ) -> None:
        self.source = source
        self.labels = labels
        """(n,) class of each entry, or `NO_LABEL`; read-only."""
        self._starts, self._stops = starts, stops
        self._complete = complete

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> 'VideoList': ...
    def __getitem__(self, index: int | slice) -> 'Entry | VideoList':
        if isinstance(index, slice):
            return VideoList(self.source, self._starts[index], self._stops[index], self.labels[index], complete=False)
        line = self.source.read(int(self._starts[index]), int(self._stops[index])).decode()
        return parse_line(line.strip('\n' + BLANKS))

    def take(self, positions: Sequence[int] | np.ndarray) -> 'VideoList':
        """The entries at these positions, in the order of the positions.

        Raises:
            IndexError: a position is outside the list.
        """
        chosen = np.asarray(positions, np.int64)
        return VideoList(self.source, self._starts[chosen], self._stops[chosen], self.labels[chosen], complete=False)

    def line_number(self, index: int) -> int:
        """Line number of an entry in the file, from 1."""
        number, end = 1, int(self._starts[index])
        for place, block in self.source.blocks():
            if place + len(block) > end:
                return number + block.count(b'\n', 0, end - place)
            number += block.count(b'\n')
        raise IndexError(f'{self.source.path}: the list has no entry {index}')

    def sha256(self) -> str:
        """SHA-256 of `path TAB label LF` of all entries, in their order."""
        digest = hashlib.sha256()
        if self._complete:
            for _, block in self.source.blocks():
                digest.update(canonical(block))
        else:
            for entry in self:
                digest.update(f'{entry.path}\t{entry.label}\n'.encode())
        return digest.hexdigest()

    def path_hashes(self) -> np.ndarray:
        """(n,) int64 hash of each path, to count distinct paths with 8 bytes per path."""
        if not self._complete:
            return np.fromiter((hash(entry.path.encode()) for entry in self), np.int64, len(self))
        parts = []
        for _, block in self.source.blocks():
            lines = canonical(block).split(b'\n')[:-1]
            parts.append(np.fromiter((hash(line.rpartition(b'\t')[0]) for line in lines), np.int64, len(lines)))
        return np.concatenate(parts)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the same object, since it is immutable."""
        return self
