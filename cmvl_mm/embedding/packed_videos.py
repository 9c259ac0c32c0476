"""Paths and labels of many videos without an object for each; an object is created when it is read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from cmvl_mm.prepare.source_list import SourceList


class PackedPaths(Sequence[str]):
    """The paths of a list of sources, in its order."""

    def __init__(self, sources: SourceList) -> None:
        self._sources = sources

    def __len__(self) -> int:
        return len(self._sources)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> 'PackedPaths': ...
    def __getitem__(self, index: int | slice) -> 'str | PackedPaths':
        if isinstance(index, slice):
            return PackedPaths(self._sources[index])
        return self._sources[index].path

    def __iter__(self) -> Iterator[str]:
        return self._sources.paths()


class PackedLabels(Sequence[str | None]):
    """The labels of a list of sources, in its order.

    Args:
        sources: n videos.
        words: label -> its name; None: the video has no label.
    """

    def __init__(self, sources: SourceList, words: Mapping[int, str | None]) -> None:
        self._numbers, self._words = sources.labels, words

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> str | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str | None]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str | None] | None:
        if isinstance(index, slice):
            return [self._words[label] for label in self._numbers[index].tolist()]
        return self._words[int(self._numbers[index])]

    def __iter__(self) -> Iterator[str | None]:
        return (self._words[int(label)] for label in self._numbers)
