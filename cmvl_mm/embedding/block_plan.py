"""Which videos go into which part of a folder of parts: by the list of videos alone, so that all runs agree."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

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


def blocks_of(found: Videos, size: int) -> list[Block]:
    """All blocks of a list, `size` videos each; the last one may have fewer."""
    starts = range(0, len(found.paths), size)
    return [
        Block(number, found.paths[begin : begin + size], found.labels[begin : begin + size])
        for number, begin in enumerate(starts)
    ]
