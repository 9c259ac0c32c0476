"""Residuals of the frames of a file: exact ones where they can be told, estimates of others."""

from typing import Self

from cmvl_mm.video.asked import Indices, rows_of
from cmvl_mm.video.opened import check_opened
from cmvl_mm.video.residual import Bits, ResidualField
from cmvl_mm.video.residual_estimates import Estimates, References
from cmvl_mm.video.residual_exact import ExactSource
from cmvl_mm.video.residual_plan import ResidualPlan, plan_residuals
from cmvl_mm.video.stream import CompressedVideo


def read_residuals(video: CompressedVideo, frames: Indices, *, bits: Bits = 16) -> ResidualField:
    """Residuals and vectors by display index.

    Of what cmvl prepare wrote, or FFmpeg's MPEG-4 encoder without B-frames, they are exact, on cells of 16 px, and each
    frame's come from its own packet.  Of others, ``approximate`` of the result says what was taken: the decoded picture
    minus a bilinear prediction, on cells of ``video.block``.

    Args:
        video: open.
        frames: display indices, any order, repeats allowed.
        bits: of a sample.  8 clips what does not fit, and spares frames that hold such samples a second decode.

    Returns:
        `ResidualField` of ``len(frames)`` frames; an I-frame's holds its pixels.

    Raises:
        SettingError: ``bits`` is neither 8 nor 16; an estimate on cells of an odd number of pixels.
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: stage ``decode``, where a wanted frame is damaged; stage ``motion``, for codecs whose vectors are
            not given, where it cannot be told which frames vectors refer to, and for pictures that are not 8-bit 4:2:0.
    """
    check_opened('read_residuals', video)
    with ResidualReader(video, bits) as reader:
        return reader.read(frames)


class ResidualReader:
    """Residuals of one open video, for many reads; arguments and errors are those of `read_residuals`.

    Args:
        plan: None: exact where they can be.
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
        """Residuals by display index."""
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
