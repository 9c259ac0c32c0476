"""Residuals of streams whose own prediction is not formed here, estimated from a bilinear one, frame by frame."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from cmvl_mm.bitstream.claims import NO_REFERENCE
from cmvl_mm.bitstream.mpeg4_flat_vop import MIDDLE
from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.facts import VectorFacts
from cmvl_mm.video.lone_residual import cropped, planes_of
from cmvl_mm.video.painter import Painter
from cmvl_mm.video.prediction import chroma_sources, luma_sources, predict
from cmvl_mm.video.residual import ResidualField, empty_planes
from cmvl_mm.video.residual_plan import ResidualPlan

HOW = 'decoded picture minus a bilinear prediction from one frame; no filter in the loop'

_FORMATS = ('yuv420p', 'yuvj420p')

Planes = list[npt.NDArray[np.uint8]]


class References:
    """Keeps pictures of a run of frames, each until the last frame that is predicted from it.

    Args:
        facts: facts of the video.
        before: for every frame of the video, the frame that it is predicted from; see `frames_before`.
        wanted: display indices, without repeats, of the frames whose residuals are wanted.
    """

    def __init__(self, facts: VectorFacts, before: npt.NDArray[np.int64], wanted: Iterable[int]) -> None:
        self._path, self._size = facts.path, facts.size
        self._before = {number: int(before[number]) for number in wanted}
        self._uses = Counter(self._before.values())
        self._planes: dict[int, Planes] = {}

    @property
    def needed(self) -> frozenset[int]:
        """Display indices of all pictures that must be decoded."""
        return frozenset(self._before) | (self._uses.keys() - {-1})

    def add(self, number: int, frame: VideoFrame) -> tuple[Planes, Planes | None]:
        """Add a decoded picture, in display order; returns its planes and, if they are needed, its reference's.

        Raises:
            VideoError: stage ``motion``, if a picture is not 8-bit 4:2:0.
        """
        if frame.format.name not in _FORMATS:
            reason = f'residuals need 8-bit 4:2:0 pictures, but these are {frame.format.name}'
            raise VideoError(self._path, 'motion', reason)
        planes = cropped(planes_of(frame), self._size)
        if self._uses[number]:
            self._planes[number] = [plane.copy() for plane in planes]
        before = self._before.get(number, -1)
        reference = self._planes.get(before)
        if before >= 0:
            self._uses[before] -= 1
            if not self._uses[before]:
                del self._planes[before]
        return planes, reference


class Estimates:
    """Collects the estimated residuals of some frames.

    Args:
        facts: facts of the video.
        count: rows of the result.
        plan: how the residuals are estimated.
    """

    def __init__(self, facts: VectorFacts, count: int, plan: ResidualPlan) -> None:
        self._plan = plan
        self._painter = Painter(facts, count, plan.block)
        self._planes = empty_planes(count, facts.size, plan.bits)

    def add(self, rows: list[int], number: int, frame: VideoFrame, pictures: tuple[Planes, Planes | None]) -> None:
        """Add one frame to these rows of the result; ``pictures`` are what `References.add` returned."""
        self._painter.add(rows, number, frame)
        vectors, valid = self._painter.painted(rows[0])
        planes, reference = pictures
        if reference is None and valid.any():
            self._painter.discard(rows, NO_REFERENCE)
        block, is_narrow = self._plan.block, self._plan.bits == 8
        for place, decoded in enumerate(planes):
            edge = block // 2 if place else block
            base = np.full(decoded.shape, MIDDLE if is_narrow else 0, np.int16)
            if reference is not None:
                sources = chroma_sources(vectors, half_sample=False) if place else luma_sources(vectors)
                predicted = valid.repeat(edge, axis=0).repeat(edge, axis=1)[: len(base), : decoded.shape[1]]
                np.copyto(base, predict(reference[place], sources, edge), where=predicted)
            found = decoded - base
            for row in rows:
                self._planes[place][row] = np.clip(found, -128, 127) if is_narrow else found

    def finish(self) -> ResidualField:
        y, u, v = self._planes
        return ResidualField(y, u, v, self._painter.finish(), approximate=HOW)
