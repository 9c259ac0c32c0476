"""Counts of the vectors written for a video."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class VectorsWritten:
    """Counts of a file of vectors."""

    frames: int
    missing: dict[str, int]
    """Reason -> number of frames without vectors for this reason, the most frequent first."""

    @classmethod
    def of(cls, reasons: Iterable[str | None]) -> 'VectorsWritten':
        """Build the counts from `MotionField.missing` of all frames."""
        every = list(reasons)
        counts = Counter(reason for reason in every if reason)
        return cls(len(every), dict(counts.most_common()))
