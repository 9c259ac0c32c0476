"""Motion-compensated prediction with the bilinear filter, as MPEG-4 Part 2 forms it (ISO/IEC 14496-2, 7.6.2 to 7.6.5).

Legend: H x W samples; Hb x Wb blocks.  A source is an offset from the block's own position, in eighths of a sample.
"""

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.motion import QUARTERS

EIGHTHS = 8

Plane = npt.NDArray[np.uint8]
Sources = npt.NDArray[np.integer]


def luma_sources(vectors: npt.NDArray[np.int16]) -> Sources:
    """Sources in eighths of a luma sample, for (Hb, Wb, 2) vectors as in `MotionField`."""
    return vectors.astype(np.intp) * (-EIGHTHS // QUARTERS)


def chroma_sources(vectors: npt.NDArray[np.int16], *, half_sample: bool) -> Sources:
    """Sources of the same blocks in 4:2:0, in eighths of a chroma sample.

    Args:
        half_sample: for MPEG-4 with one half-pixel vector per macroblock: any position between two samples is rounded
            to the middle (Table 7-9).  Otherwise, as in H.264, nothing is rounded.
    """
    exact = -vectors.astype(np.intp)
    if not half_sample:
        return exact
    between = exact % EIGHTHS != 0
    return exact - exact % EIGHTHS + between * (EIGHTHS // 2)


def predict(reference: Plane, sources: Sources, block: int, *, rounding: int = 0) -> Plane:
    """Predict a plane.

    Args:
        reference: (H, W); the nearest sample continues it beyond its edges.
        sources: (Hb, Wb, 2) x and y, Hb = ceil(H / block).
        block: edge of a block in samples.
        rounding: vop_rounding_type of MPEG-4: 0 rounds halves up, 1 down.

    Returns:
        The prediction, (H, W).
    """
    height, width = reference.shape
    per_line = sources.repeat(block, axis=1)[:, :width]
    spread = per_line.repeat(block, axis=0)[:height]
    x = np.arange(width) + (spread[..., 0] >> 3)
    y = np.arange(height)[:, None] + (spread[..., 1] >> 3)
    right = (spread[..., 0] & 7).astype(np.int32)
    down = (spread[..., 1] & 7).astype(np.int32)
    columns = [np.clip(x + step, 0, width - 1) for step in (0, 1)]
    lines = [np.clip(y + step, 0, height - 1) * width for step in (0, 1)]
    upper, lower = (
        reference.take(line + columns[0]) * (EIGHTHS - right) + reference.take(line + columns[1]) * right
        for line in lines
    )
    # Two halves make a quarter: with both directions, a step is 16 of 64; with one, 32.
    both = (right > 0) & (down > 0)
    offset = 32 - rounding * np.where(both, 16, 32)
    return ((upper * (EIGHTHS - down) + lower * down + offset) >> 6).astype(np.uint8)
