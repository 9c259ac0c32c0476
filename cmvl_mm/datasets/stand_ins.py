"""Reports of videos that could not be used."""

from typing import Literal, NamedTuple


class Skipped(NamedTuple):
    """A video that could not be used; the sample that replaces it carries this record."""

    path: str
    kind: Literal['broken', 'short']
    reason: str
    source: str = ''
    """The list; two lists may hold the same path."""


class NoUsableVideo(RuntimeError):
    """Several videos in a row could not be used."""
