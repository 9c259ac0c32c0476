"""Videos that could not be used, and what is said of them."""

from typing import Literal, NamedTuple


class Skipped(NamedTuple):
    """A video that could not be used, as it travels with the sample that took its place."""

    path: str
    kind: Literal['broken', 'short']
    reason: str
    source: str = ''
    """The list; two of them may hold the same path."""


class NoUsableVideo(RuntimeError):
    """Several videos in a row could not be used."""
