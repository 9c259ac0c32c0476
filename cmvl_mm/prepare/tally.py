"""The outcomes of the videos of a run: 4 bytes per video, and one object per failed video."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cmvl_mm.prepare.flow_cost import FlowCost
from cmvl_mm.prepare.source_list import Source, SourceList

_UNKNOWN = -1  # frames of a video without an outcome


class Failure(NamedTuple):
    """The reason and the remedy, without a full stop, of a video that could not be prepared."""

    stage: str
    reason: str
    remedy: str
    machine: str
    """Network name of the machine that tried it."""


class Outcome(NamedTuple):
    """The outcome of one video."""

    source: Source
    num_frames: int
    failure: Failure | None
    cost: FlowCost | None = None  # cost of flow that this run made


class Tally:
    """The outcomes of a run, added in any order.

    Args:
        sources: all sources, of which the run may prepare only some.

    Attributes:
        failures: failures by `Source.place`.
        costs: costs of flow that this run made.
    """

    def __init__(self, sources: SourceList) -> None:
        self._sources = sources
        self._frames = np.full(sources.all_places, _UNKNOWN, np.int32)
        self.failures: dict[int, Failure] = {}
        self.costs: list[FlowCost] = []

    def add(self, outcome: Outcome) -> None:
        """Add an outcome."""
        place = outcome.source.place
        if outcome.failure is not None:
            self.failures[place] = outcome.failure
            return
        self._frames[place] = outcome.num_frames
        if outcome.cost is not None:
            self.costs.append(outcome.cost)

    @property
    def num_ready(self) -> int:
        """Number of videos that are ready."""
        return int(np.count_nonzero(self._is_ready))

    @property
    def num_frames(self) -> int:
        """Number of frames of all videos that are ready."""
        return int(self._frames[self._is_ready].sum(dtype=np.int64))

    def failed(self) -> Iterator[tuple[Source, Failure]]:
        """Failed sources, in the order of the sources."""
        return ((self._sources.at(place), self.failures[place]) for place in sorted(self.failures))

    def ready(self, *, below: int | None = None) -> Iterator[tuple[Source, int]]:
        """Ready sources and their frames, in the order of the sources.

        Args:
            below: only videos with fewer frames.
        """
        chosen = self._is_ready if below is None else self._is_ready & (self._frames < below)
        return ((self._sources.at(place), int(self._frames[place])) for place in np.flatnonzero(chosen).tolist())

    @property
    def _is_ready(self) -> np.ndarray:
        return self._frames != _UNKNOWN
