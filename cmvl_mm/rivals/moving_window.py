"""Find windows with motion in a video by its motion vectors: Shuffle & Learn and OPN take their frames there.

Both methods measure motion by optical flow, offline. Here the vectors of the stream replace it, read with the sample.
"""

import warnings

import numpy as np

from cmvl_mm.datasets.frame_choice import Sample


def frame_motion(vectors: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(n, Hb, Wb, 2), (n, Hb, Wb) -> (n,): mean length of each frame's vectors; NaN if it has none (I-frames)."""
    lengths = np.where(valid, np.hypot(vectors[..., 0].astype(np.float64), vectors[..., 1]), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # the mean of an empty set is NaN, as intended
        return np.nanmean(lengths, axis=(1, 2))


def moving_start(rng: np.random.Generator, motion: np.ndarray, span: int) -> int:
    """The start of a window of `span` frames, drawn in proportion to its mean motion; uniform if nothing moves.

    Frames without vectors do not count.
    """
    known = ~np.isnan(motion)
    total = np.concatenate([[0], np.cumsum(np.where(known, motion, 0))])
    count = np.concatenate([[0], np.cumsum(known)])
    means = (total[span:] - total[:-span]) / np.maximum(count[span:] - count[:-span], 1)
    if not means.sum() > 0:
        return int(rng.integers(len(means)))
    return int(rng.choice(len(means), p=means / means.sum()))


def read_moving_start(sample: Sample, span: int) -> int:
    """`moving_start` of the sample's video; reads all vectors of the video."""
    video = sample['video']
    field = video.read(motion=range(video.num_frames)).motion
    return moving_start(sample['rng'], frame_motion(field.vectors, field.valid), span)
