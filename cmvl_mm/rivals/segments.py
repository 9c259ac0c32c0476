"""Two segments of a video, the first one twice, for DSM and VTDL."""

import numpy as np

from cmvl_mm.datasets.sampling import clip_at


def anchor_twin_and_other(
    rng: np.random.Generator, num_frames: int, clip_len: int, frame_interval: int, away: int
) -> np.ndarray:
    """(3, clip_len) frames: the anchor, the same frames again, and another segment of the video.

    The other segment begins at least `away` frames before or after the anchor; all such pairs are equally likely.
    """
    last = num_frames - ((clip_len - 1) * frame_interval + 1)  # the last start
    starts = np.arange(last + 1)
    before, after = np.maximum(starts - away + 1, 0), np.maximum(last - starts - away + 1, 0)
    anchor = int(rng.choice(starts, p=(before + after) / (before + after).sum()))
    number = int(rng.integers(before[anchor] + after[anchor]))
    other = number if number < before[anchor] else anchor + away + number - int(before[anchor])
    first = clip_at(anchor, clip_len, frame_interval)
    return np.stack([first, first, clip_at(other, clip_len, frame_interval)])
