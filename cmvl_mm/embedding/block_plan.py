"""Which videos go into which part of a folder of parts: by the list of videos alone, so that all runs agree."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, overload

from cmvl_mm.embedding.video_inputs import Videos

BLOCK_CLIPS = 1000
"""Clips of a block at most: what the death of a worker can cost."""
_BLOCKS = 64  # of a list at least, if it has so many videos: work for as many workers
_BATCHED = 16  # videos of a block at least, as long as the clips allow it: they share batches
_UNKNOWN = 32  # videos of a block where nobody knows their clips before they are read


class Block(NamedTuple):
    """Neighbouring videos of the list: the unit of work, and one part of the folder."""

    number: int
    """From 0."""
    paths: tuple[str, ...]
    labels: tuple[str | None, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of paths and labels."""
        return digest_of(self.paths, self.labels)


def digest_of(paths: Sequence[str], labels: Sequence[str | None]) -> str:
    """SHA-256 of a list of videos, in its order."""
    found = sha256()
    for path, label in zip(paths, labels, strict=True):
        found.update(json.dumps([path, label]).encode() + b'\n')
    return found.hexdigest()


def videos_of_block(videos: int, clips: int | None, block_clips: int = BLOCK_CLIPS) -> int:
    """How many videos a block has.

    Args:
        videos: of the list.
        clips: of a video; None where that is not known before it is read. Long videos can then make a block of more
            than `block_clips`.
        block_clips: of a block at most, where one video does not have more.
    """
    most = max(1, min(_UNKNOWN, block_clips) if clips is None else block_clips // clips)
    return min(most, max(_BATCHED, -(-videos // _BLOCKS)))


class Blocks(Sequence[Block]):
    """Blocks of a list, in their order; each is made when it is read.

    Args:
        found: the list.
        size: videos of a block; the last one of the list may have fewer.
        numbers: of the blocks that are meant; None: all.
    """

    def __init__(self, found: Videos, size: int, numbers: Sequence[int] | None = None) -> None:
        self._found, self._size = found, size
        self.numbers: Sequence[int] = range(-(-len(found.paths) // size)) if numbers is None else numbers
        """Of each, see `Block.number`."""

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> 'Blocks': ...
    def __getitem__(self, index: int | slice) -> 'Block | Blocks':
        if isinstance(index, slice):
            return self.only(self.numbers[index])
        number = self.numbers[index]
        videos = self._videos_of(number)
        return Block(number, tuple(self._found.paths[videos]), tuple(self._found.labels[videos]))

    def only(self, numbers: Sequence[int]) -> 'Blocks':
        """Those of these numbers."""
        return Blocks(self._found, self._size, numbers)

    @property
    def videos(self) -> int:
        """How many they have together."""
        whole = range(len(self._found.paths))
        return sum(len(whole[self._videos_of(number)]) for number in self.numbers)

    def _videos_of(self, number: int) -> slice:
        return slice(number * self._size, (number + 1) * self._size)
