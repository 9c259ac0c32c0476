"""Residuals of the frames of a file: exact ones where they can be told, estimates of others."""

from cmvl_mm.video.asked import rows_of
from cmvl_mm.video.residual import Bits, ResidualField
from cmvl_mm.video.residual_approximate import approximate_residuals
from cmvl_mm.video.residual_exact import ExactSource, is_exact
from cmvl_mm.video.stream import CompressedVideo, Indices


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
        FrameIndexError: for an index below 0 or past the last frame.
        VideoError: stage ``decode``, where a wanted frame is damaged; stage ``motion``, for codecs whose vectors are
            not given, for B-frames of H.264, and for pictures that are not 8-bit 4:2:0.
    """
    if bits not in (8, 16):
        raise ValueError(f'bits={bits}: a sample has 8 or 16')
    rows = rows_of(video, frames)
    if not is_exact(video):
        return approximate_residuals(video, rows, len(frames), bits)
    with ExactSource(video) as source:
        return source.read(rows, len(frames), bits)
