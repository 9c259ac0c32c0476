"""Decodes segments of a video into parts of batches."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.batch import Batch
from cmvl_mm.video.colour import Tags
from cmvl_mm.video.decoder import FrameDecoder
from cmvl_mm.video.directions import DirectedPainter, Directions, Normalise
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.passes import Asked
from cmvl_mm.video.pixels import RgbWriter
from cmvl_mm.video.segments import Segment


class Wanted(NamedTuple):
    """What a batch is to hold."""

    rgb: bool
    keyframes: frozenset[int] | None
    """Of the pictures, only these; None: all."""
    motion: bool
    block: int
    directions: Directions = 'past'
    normalise: Normalise = None

    def pictures(self, numbers: range) -> list[int]:
        """Which of some frames are wanted as pixels."""
        if not self.rgb:
            return []
        return [number for number in numbers if self.keyframes is None or number in self.keyframes]


class SegmentReader:
    """One decoder and what it needs to turn its frames into arrays.

    Args:
        decoder: of the video.
        tags: what the container says of its colours.
        wanted: what the batches are to hold.
    """

    def __init__(self, decoder: FrameDecoder, tags: Tags, wanted: Wanted) -> None:
        self._decoder = decoder
        self._wanted = wanted
        self._facts = VectorFacts(decoder)
        self._pixels = RgbWriter(decoder.path, tags, decoder.codec)

    def read(self, segment: Segment, parts: Sequence[range]) -> Iterator[Batch]:
        """The parts of a segment, each as soon as all of it is there, in order."""
        open_parts = [_Part(part, self._wanted, self._facts) for part in parts]
        part_of = {number: part for part in open_parts for number in part.numbers}
        rgb = frozenset(number for part in open_parts for number in part.rows)
        motion = frozenset(segment.wanted) if self._wanted.motion else frozenset()
        frames = self._decoder.frames(rgb, motion, segment.end)
        for asked in frames:
            part_of[asked.number].add(asked, self._pixels)
            while open_parts and open_parts[0].is_complete:
                part = open_parts.pop(0)
                for number in part.numbers:
                    del part_of[number]
                yield part.finish()
        for part in open_parts:  # where only key frames are wanted, a part may hold none
            yield part.finish()


class _Part:
    """What of one batch lies in one segment."""

    def __init__(self, numbers: range, wanted: Wanted, facts: VectorFacts) -> None:
        self.numbers = numbers
        self._wanted = wanted
        self._facts = facts
        pictures = wanted.pictures(numbers)
        self.rows = {number: row for row, number in enumerate(pictures)}
        self._pictures = np.array(pictures, np.int64)
        self._due = len(pictures) + (len(numbers) if wanted.motion else 0)
        self._rgb: npt.NDArray[np.uint8] | None = None
        self._painter: DirectedPainter | None = None

    @property
    def is_complete(self) -> bool:
        return not self._due

    def add(self, asked: Asked, pixels: RgbWriter) -> None:
        self._due -= asked.rgb + asked.motion
        if asked.frame is None:
            return
        if asked.rgb:
            pixels.write(asked.frame, self._pixels_of()[self.rows[asked.number]])
        if asked.motion:
            self._painted().add([self.numbers.index(asked.number)], asked.number, asked.frame)

    def finish(self) -> Batch:
        indices = np.array(self.numbers, np.int64)
        motion, future = self._painted().finish() if self._wanted.motion else (None, None)
        if not self._wanted.rgb:
            return Batch(indices, motion=motion, future=future)
        return Batch(indices, self._pixels_of(), self._pictures, motion, future)

    def _pixels_of(self) -> npt.NDArray[np.uint8]:
        if self._rgb is None:  # not before it is needed: parts wait for their turn
            self._rgb = np.empty((len(self.rows), *self._facts.size, 3), np.uint8)
        return self._rgb

    def _painted(self) -> DirectedPainter:
        if self._painter is None:
            wanted = self._wanted
            self._painter = DirectedPainter(
                self._facts, self.numbers, wanted.block, wanted.directions, wanted.normalise
            )
        return self._painter
