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
from cmvl_mm.video.residual import ResidualField
from cmvl_mm.video.residual_estimates import Estimates, Planes, References
from cmvl_mm.video.residual_exact import ExactSource
from cmvl_mm.video.residual_plan import ResidualPlan
from cmvl_mm.video.segments import Segment


class Wanted(NamedTuple):
    """What a batch must hold."""

    rgb: bool
    keyframes: frozenset[int] | None
    """Key frames to which the pictures are limited; None: all pictures."""
    motion: bool
    block: int
    directions: Directions = 'past'
    normalise: Normalise = None
    residual: ResidualPlan | None = None

    def pictures(self, numbers: range) -> list[int]:
        """The frames among ``numbers`` that are wanted as pixels."""
        if not self.rgb:
            return []
        return [number for number in numbers if self.keyframes is None or number in self.keyframes]


class SegmentReader:
    """One decoder, with everything that turns its frames into arrays.

    Args:
        decoder: decoder of the video.
        tags: the container's colour tags.
        wanted: what the batches must hold.
    """

    def __init__(self, decoder: FrameDecoder, tags: Tags, wanted: Wanted) -> None:
        self._decoder = decoder
        self._wanted = wanted
        self._facts = VectorFacts(decoder)
        self._pixels = RgbWriter(decoder.path, tags, decoder.codec)
        is_exact = wanted.residual is not None and wanted.residual.before is None
        self._exact = ExactSource(decoder, self._facts) if is_exact else None

    def close(self) -> None:
        if self._exact is not None:
            self._exact.close()

    def read(self, segment: Segment, parts: Sequence[range]) -> Iterator[Batch]:
        """The parts of a segment in order, each as soon as it is complete."""
        open_parts = [_Part(part, self._wanted, self._facts, self._exact) for part in parts]
        part_of = {number: part for part in open_parts for number in part.numbers}
        rgb = frozenset(number for part in open_parts for number in part.rows)
        motion = frozenset(segment.wanted) if self._wanted.motion else frozenset()
        references = self._references(segment)
        if references is not None:
            rgb, motion = rgb | references.needed, frozenset(segment.wanted)
        for asked in self._decoder.frames(rgb, motion, segment.end):
            pictures = None
            if references is not None and asked.frame is not None:
                pictures = references.add(asked.number, asked.frame)
            if asked.number not in part_of:
                continue  # needed only as a reference of another frame
            part_of[asked.number].add(asked, self._pixels, pictures)
            while open_parts and open_parts[0].is_complete:
                part = open_parts.pop(0)
                for number in part.numbers:
                    del part_of[number]
                yield part.finish()
        for part in open_parts:  # if only key frames are wanted, a part may hold none
            yield part.finish()

    def _references(self, segment: Segment) -> References | None:
        """The reference pictures, if residuals are estimated.

        A segment starts with an I-frame, so nothing in it is predicted from the segment before.
        """
        plan = self._wanted.residual
        if plan is None or plan.before is None:
            return None
        return References(self._facts, plan.before, segment.wanted)


class _Part:
    """The frames of one batch that lie in one segment."""

    def __init__(self, numbers: range, wanted: Wanted, facts: VectorFacts, exact: ExactSource | None) -> None:
        self.numbers = numbers
        self._wanted, self._facts, self._exact = wanted, facts, exact
        pictures = wanted.pictures(numbers)
        self.rows = {number: row for row, number in enumerate(pictures)}
        self._pictures = np.array(pictures, np.int64)
        self._is_estimated = wanted.residual is not None and exact is None
        self._due = len(pictures) + len(numbers) * (wanted.motion + self._is_estimated)
        # Allocated at first use, because parts wait for their turn.
        self._rgb: npt.NDArray[np.uint8] | None = None
        self._painter: DirectedPainter | None = None
        self._estimates: Estimates | None = None

    @property
    def is_complete(self) -> bool:
        return not self._due

    def add(self, asked: Asked, pixels: RgbWriter, pictures: tuple[Planes, Planes | None] | None) -> None:
        for_rgb = asked.rgb and asked.number in self.rows
        for_motion = asked.motion and self._wanted.motion
        self._due -= for_rgb + for_motion + (asked.motion and self._is_estimated)
        if asked.frame is None:
            return
        row = self.numbers.index(asked.number)
        if for_rgb:
            pixels.write(asked.frame, self._pixels_of()[self.rows[asked.number]])
        if for_motion:
            self._painted().add([row], asked.number, asked.frame)
        if pictures is not None and asked.motion:
            self._estimated().add([row], asked.number, asked.frame, pictures)

    def finish(self) -> Batch:
        indices = np.array(self.numbers, np.int64)
        motion, future = self._painted().finish() if self._wanted.motion else (None, None)
        residual = self._residual()
        if not self._wanted.rgb:
            return Batch(indices, motion=motion, future=future, residual=residual)
        return Batch(indices, self._pixels_of(), self._pictures, motion, future, residual)

    def _residual(self) -> ResidualField | None:
        if self._exact is not None and self._wanted.residual is not None:
            rows = {number: [row] for row, number in enumerate(self.numbers)}
            return self._exact.read(rows, len(rows), self._wanted.residual.bits)
        return self._estimated().finish() if self._is_estimated else None

    def _pixels_of(self) -> npt.NDArray[np.uint8]:
        if self._rgb is None:
            self._rgb = np.empty((len(self.rows), *self._facts.size, 3), np.uint8)
        return self._rgb

    def _painted(self) -> DirectedPainter:
        if self._painter is None:
            wanted = self._wanted
            self._painter = DirectedPainter(
                self._facts, self.numbers, wanted.block, wanted.directions, wanted.normalise
            )
        return self._painter

    def _estimated(self) -> Estimates:
        if self._estimates is None:
            assert self._wanted.residual is not None
            self._estimates = Estimates(self._facts, len(self.numbers), self._wanted.residual)
        return self._estimates
