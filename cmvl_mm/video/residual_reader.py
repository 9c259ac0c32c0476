"""Residuals of the frames of a file: exact where possible, otherwise estimated."""

from typing import Self

from cmvl_mm.video.asked import Indices, rows_of
from cmvl_mm.video.opened import check_opened
from cmvl_mm.video.residual import Bits, ResidualField
from cmvl_mm.video.residual_estimates import Estimates, References
from cmvl_mm.video.residual_exact import ExactSource
from cmvl_mm.video.residual_plan import ResidualPlan, plan_residuals
from cmvl_mm.video.stream import CompressedVideo


def read_residuals(video: CompressedVideo, frames: Indices, *, bits: Bits = 16) -> ResidualField:
    """Read residuals and vectors by display index.

    For files from `cmvl prepare`, or from FFmpeg's MPEG-4 encoder without B-frames, residuals are exact, on cells of 16
    px, and each comes from the frame's own packet.  For others they are estimated on cells of ``video.block``: the
    decoded picture minus a bilinear prediction, as ``approximate`` of the result says.

    Args:
        video: an open video.
        frames: display indices, any order, repeats allowed.
        bits: bits of a sample.  8 clips larger values, and saves a second decode of the frames that have them.

    Returns:
        `ResidualField` of ``len(frames)`` frames; an I-frame holds its pixels.

    Raises:
        SettingError: ``bits`` is neither 8 nor 16, or cells of an estimate have an odd number of pixels.
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: stage ``decode``, if a wanted frame is damaged; stage ``motion``, if the codec's vectors are not
            given, it is unknown which frames they refer to, or pictures are not 8-bit 4:2:0.
    """
    check_opened('read_residuals', video)
    with ResidualReader(video, bits) as reader:
        return reader.read(frames)


class ResidualReader:
    """Reads residuals of one open video many times; arguments and errors are those of `read_residuals`.

    Args:
        plan: the plan to use; None: exact residuals if possible.
    """

    def __init__(self, video: CompressedVideo, bits: Bits = 16, plan: ResidualPlan | None = None) -> None:
        self._decoder, self._facts = video._decoder, video._facts
        self._plan = plan or plan_residuals(self._decoder, self._facts, video.block, bits)
        self._source = ExactSource(self._decoder, self._facts) if self._plan.before is None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._source is not None:
            self._source.close()

    def read(self, frames: Indices) -> ResidualField:
        """Read residuals by display index."""
        rows = rows_of(self._decoder, frames)
        if self._source is not None:
            return self._source.read(rows, len(frames), self._plan.bits)
        return self._estimated(rows, len(frames))

    def _estimated(self, rows: dict[int, list[int]], count: int) -> ResidualField:
        assert self._plan.before is not None
        references = References(self._facts, self._plan.before, rows)
        estimates = Estimates(self._facts, count, self._plan)
        for asked in self._decoder.frames(references.needed, rows.keys()):
            if asked.frame is not None:
                pictures = references.add(asked.number, asked.frame)
                if asked.motion:
                    estimates.add(rows[asked.number], asked.number, asked.frame, pictures)
        return estimates.finish()
