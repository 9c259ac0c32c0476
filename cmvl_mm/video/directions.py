"""Vectors of frames to the past and to the future, their distances, and motion per frame."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from av.video.frame import VideoFrame

from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.motion import MotionField
from cmvl_mm.video.painter import Direction, Painter

Directions = Literal['past', 'both']
Normalise = Literal['per_frame'] | None


class DirectedPainter:
    """Collects frames as `Painter` does, for one or both directions.

    Args:
        facts: facts of the video.
        numbers: display indices of the frames, in the order of the result.
        block: edge of a cell in pixels.
        directions: 'both' adds a separate field of vectors to the future.
        normalise: 'per_frame' divides vectors by their distance.

    Distances are given only if requested: by 'both' or by ``normalise``.
    """

    def __init__(
        self, facts: VectorFacts, numbers: Sequence[int], block: int, directions: Directions, normalise: Normalise
    ) -> None:
        self._facts, self._numbers, self._normalise = facts, numbers, normalise
        wanted: tuple[Direction, ...] = ('past', 'future') if directions == 'both' else ('past',)
        self._painters = {direction: Painter(facts, len(numbers), block, direction) for direction in wanted}
        self._tells_distance = directions == 'both' or normalise is not None

    def add(self, rows: list[int], number: int, frame: VideoFrame) -> None:
        """Add one frame's vectors to these rows of the result."""
        for painter in self._painters.values():
            painter.add(rows, number, frame)

    def finish(self) -> tuple[MotionField, MotionField | None]:
        """The field of vectors to the past, and the field to the future if it was requested."""
        fields = {direction: self._finished(direction, painter) for direction, painter in self._painters.items()}
        return fields['past'], fields.get('future')

    def _finished(self, direction: Direction, painter: Painter) -> MotionField:
        field = painter.finish()
        if not self._tells_distance:
            return field
        distance = tuple(
            getattr(self._facts.distances(number), direction) if missing is None else None
            for number, missing in zip(self._numbers, field.missing, strict=True)
        )
        field = replace(field, distance=distance)
        return field.per_frame() if self._normalise else field
