"""Assigns videos to the parts of a folder, by the list of videos alone, so that all runs agree."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, overload

from cmvl_mm.embedding.video_inputs import Videos

BLOCK_CLIPS = 1000
"""Most clips in a block, which is what the death of a worker can cost."""
_BLOCKS = 64  # fewest blocks of a list with enough videos: work for as many workers
_BATCHED = 16  # fewest videos in a block, if the number of clips allows it: they share batches
_UNKNOWN = 32  # videos in a block if their clips are unknown before they are read


class Block(NamedTuple):
    """Consecutive videos of the list: the unit of work, and one part of the folder."""

    number: int
    """Number of the block, from 0."""
    paths: tuple[str, ...]
    labels: tuple[str | None, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the paths and labels."""
        return digest_of(self.paths, self.labels)


def digest_of(paths: Sequence[str], labels: Sequence[str | None]) -> str:
    """SHA-256 of a list of videos in its order."""
    found = sha256()
    for path, label in zip(paths, labels, strict=True):
        found.update(json.dumps([path, label]).encode() + b'\n')
    return found.hexdigest()


def videos_of_block(videos: int, clips: int | None, block_clips: int = BLOCK_CLIPS) -> int:
    """The number of videos in a block.

    Args:
        videos: number of videos in the list.
        clips: clips of a video; None if unknown before it is read. Then long videos can make a block of more than
            `block_clips`.
        block_clips: most clips in a block, unless a single video has more.
    """
    most = max(1, min(_UNKNOWN, block_clips) if clips is None else block_clips // clips)
    return min(most, max(_BATCHED, -(-videos // _BLOCKS)))


class Blocks(Sequence[Block]):
    """The blocks of a list in order; each is created when it is read.

    Args:
        found: the list.
        size: videos in a block; the last block of the list may have fewer.
        numbers: numbers of the blocks to include; None: all.
    """

    def __init__(self, found: Videos, size: int, numbers: Sequence[int] | None = None) -> None:
        self._found, self._size = found, size
        self.numbers: Sequence[int] = range(-(-len(found.paths) // size)) if numbers is None else numbers
        """Number of each block, see `Block.number`."""

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
        """The blocks with these numbers."""
        return Blocks(self._found, self._size, numbers)

    @property
    def videos(self) -> int:
        """The number of videos in all these blocks."""
        whole = range(len(self._found.paths))
        return sum(len(whole[self._videos_of(number)]) for number in self.numbers)

    def _videos_of(self, number: int) -> slice:
        return slice(number * self._size, (number + 1) * self._size)
