"""Residual energy as a second target beside the vectors: both of the same frames, from the same packets."""

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
        video: open.
        frames: n display indices; any order, repeats allowed.
        residual: 'exact' refuses a video of which residuals can only be estimated; 'approximate' takes estimates, and
            exact ones where there are any.

    Returns:
        The `MotionField` that ``video.read(motion=frames)`` gives, for exact residuals on cells of 16 px, whatever the
        video's own; and (n, Hb, Wb, 2): `block_energy` in grey levels of residuals of 8 bits, and 1 where a cell is
        predicted, 0 where it has no residual: in I-frames and intra blocks.

    Raises:
        ValueError: the residuals are not exact and must be; or there is no video file.
        VideoError: as from `read_residuals`.
    """
    if isinstance(video, DecodedFrames):
        raise ValueError('decoded frames have no residuals. Remedy: give the video file.')
    # An error of the settings, not of the video: no data set puts another video in its place.
    if residual == 'exact' and not video.has_exact_residuals:
        raise ValueError(
            f"{video.path}: residual='exact', and residuals of this {video.codec} stream can only be estimated. "
            "Remedy: prepare it with cmvl prepare; or ReadCompressed(residual='approximate'), see docs/whole_stream.md."
        )
    field = read_residuals(video, frames, bits=8)
    energy, valid = block_energy(field)
    return field.motion, np.stack([energy, valid.astype(np.float32)], axis=-1)
