"""Residual energy as a second target in addition to the vectors of the same frames, from the same packets."""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from cmvl_mm.video import CompressedVideo, MotionField, block_energy, read_residuals
from cmvl_mm.video.stream import Indices

from .decoded_frames import DecodedFrames

Residual = Literal['none', 'exact', 'approximate']
RESIDUALS = get_args(Residual)


def read_with_energy(
    video: CompressedVideo | DecodedFrames, frames: Indices, residual: Residual
) -> tuple[MotionField, npt.NDArray[np.float32]]:
    """Vectors and residual energy of some frames.

    Args:
        video: an open video.
        frames: n display indices; any order, repeats allowed.
        residual: 'exact' refuses a video whose residuals can only be estimated; 'approximate' takes exact residuals if
            there are any, and estimates otherwise.

    Returns:
        The `MotionField` of ``video.read(motion=frames)``, with exact residuals on cells of 16 px instead of the
        video's; and (n, Hb, Wb, 2): `block_energy` in grey levels of residuals of 8 bits, and 1 where a cell is
        predicted, 0 where it has no residual: in I-frames and intra blocks.

    Raises:
        ValueError: 'exact' is set and the residuals are not exact; or there is no video file.
        VideoError: as in `read_residuals`.
    """
    if isinstance(video, DecodedFrames):
        raise ValueError('decoded frames have no residuals. Remedy: pass the video file.')
    # An error of the settings, not of the video: no data set replaces the video.
    if residual == 'exact' and not video.has_exact_residuals:
        raise ValueError(
            f"{video.path}: residual='exact', but residuals of this {video.codec} stream can only be estimated. "
            "Remedy: run cmvl prepare on it, or use ReadCompressed(residual='approximate'), see docs/whole_stream.md."
        )
    field = read_residuals(video, frames, bits=8)
    energy, valid = block_energy(field)
    return field.motion, np.stack([energy, valid.astype(np.float32)], axis=-1)
