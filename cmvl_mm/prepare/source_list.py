"""Videos to prepare without one object per video: each takes the bytes of its path and about 13 more.

Ten million videos as tuples of Python objects take 5 GB before the first one is opened.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import overload

import numpy as np

from cmvl_mm.datasets.list_scan import NO_LABEL


@dataclass(frozen=True)
class Source:
    """One video to prepare; paths are relative, with '/'."""

    path: str
    target: str
    label: int | None
    place: int = field(default=0, compare=False)
    """Number of the video among all that were found, from 0."""


def target_of(path: str, *, keeps_suffix: bool) -> str:
    """Name of a prepared video: a.mp4, or a.avi.mp4 if there is also an a.mkv."""
    stem, suffix = os.path.splitext(path)
    return f'{stem}{suffix if keeps_suffix else ""}.mp4'


class Column:
    """A growing array of numbers that is in memory only once, also in its final form.

    Args:
        kind: NumPy's data type.
    """

    def __init__(self, kind: type[np.number]) -> None:
        self._kind, self._bytes = kind, bytearray()

    def add(self, numbers: np.ndarray) -> None:
        """Append (n,) numbers."""
        self._bytes += numbers.astype(self._kind).data

    @property
    def values(self) -> np.ndarray:
        """All numbers as a view; while it exists, no numbers can be added."""
        return np.frombuffer(self._bytes, self._kind)


class Paths:
    """Many paths, contiguous in memory, in the order in which they were added."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = Column(np.int64)
        self._ends.add(np.zeros(1))

    def add(self, paths: Sequence[bytes]) -> None:
        """Append paths."""
        ends = np.fromiter(accumulate(map(len, paths)), np.int64, len(paths))
        self._ends.add(ends + len(self._bytes))
        self._bytes += b''.join(paths)

    def __getitem__(self, place: int) -> bytes:
        _, ends = self.packed()
        return bytes(self._bytes[ends[place] : ends[place + 1]])

    def packed(self) -> tuple[bytearray, np.ndarray]:
        """All bytes, and (n + 1,) the start of each path, followed by the end."""
        return self._bytes, self._ends.values


class SourceList(Sequence[Source]):
    """Sources, or some of them.

    Args:
        text: UTF-8 bytes of all paths.
        ends: (m + 1,) the start of each path, followed by the end.
        labels: (m,) class of each video, or `NO_LABEL`.
        keeps_suffix: (m,) bool, see `target_of`.
        places: (n,) numbers of the selected videos, in order; None means all.
    """

    def __init__(
        self,
        text: bytes | bytearray,
        ends: np.ndarray,
        labels: np.ndarray,
        keeps_suffix: np.ndarray,
        places: np.ndarray | range | None = None,
    ) -> None:
        self._text, self._ends = text, ends
        self._labels, self._keeps_suffix = labels, keeps_suffix
        self.places: np.ndarray | range = range(len(labels)) if places is None else places
        """Number of each video, see `Source.place`."""

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> 'SourceList': ...
    def __getitem__(self, index: int | slice) -> 'Source | SourceList':
        if isinstance(index, slice):
            return self._of(self.places[index])
        return self.at(int(self.places[index]))

    @property
    def all_places(self) -> int:
        """Upper bound of `Source.place`, exclusive."""
        return len(self._labels)

    def at(self, place: int) -> Source:
        """The source with this number, see `Source.place`."""
        path = self._path(place)
        label = int(self._labels[place])
        target = target_of(path, keeps_suffix=bool(self._keeps_suffix[place]))
        return Source(path, target, None if label == NO_LABEL else label, place)

    def take(self, positions: Iterable[int] | np.ndarray) -> 'SourceList':
        """The sources at these positions, in the order of the positions.

        Raises:
            IndexError: a position is outside the list.
        """
        chosen = positions if isinstance(positions, np.ndarray) else np.fromiter(positions, np.int64)
        return self._of(np.asarray(self.places, np.int64)[chosen])

    def without_labels(self) -> 'SourceList':
        """The same videos without classes."""
        return self.with_labels(np.full(len(self), NO_LABEL, np.int8))

    def with_labels(self, labels: np.ndarray) -> 'SourceList':
        """The same videos with these classes.

        Args:
            labels: (n,) class of each video, or `NO_LABEL`.
        """
        found = np.full(len(self._labels), NO_LABEL, labels.dtype)
        found[np.asarray(self.places, np.int64)] = labels
        return SourceList(self._text, self._ends, found, self._keeps_suffix, self.places)

    def paths(self) -> Iterator[str]:
        """Paths of all sources."""
        return map(self._path, self.places)

    @property
    def labels(self) -> np.ndarray:
        """(n,) class of each source, or `NO_LABEL`."""
        return self._labels[np.asarray(self.places, np.int64)]

    def _path(self, place: int) -> str:
        return self._text[self._ends[place] : self._ends[place + 1]].decode()

    def _of(self, places: np.ndarray | range) -> 'SourceList':
        return SourceList(self._text, self._ends, self._labels, self._keeps_suffix, places)
