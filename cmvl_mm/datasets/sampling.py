"""Choose the frames of a sample. Pure functions of frame counts and a generator; nothing here opens a video.

clip:    f...f...f...f  (`clip_len` frames, every `frame_interval`-th)
gap:                     ..  (`future_gap` skipped frames; 2 in the authors' release, none in the paper)
motion:                    mmmmmmmm  (`motion_len` consecutive frames: the positive window)
"""

from typing import Literal

import numpy as np

PastEnd = Literal['repeat_last', 'repeat_first', 'loop', 'error']


class VideoTooShort(ValueError):
    """A video has fewer frames than the sample needs, and the policy is 'error'."""


def clip_span(clip_len: int, frame_interval: int) -> int:
    """Frames from the first to the last of a clip, both included: 16 frames of stride 4 span 61."""
    return (clip_len - 1) * frame_interval + 1


def pretraining_span(clip_len: int, frame_interval: int, future_gap: int, motion_len: int) -> int:
    """Frames that a clip and its motion window need: 61 + 2 + 8 = 71 in the recipes.

    The clip's 61 and the window's 8 are from the paper; the gap of 2 is from the authors' release (PAPER.md).

    A gap of -8 places the window on the clip's last 8 frames, Table 1's "current" period; 61 frames are enough then.

    Raises:
        ValueError: the window would begin before the clip.
    """
    span = clip_span(clip_len, frame_interval)
    if future_gap < -span:
        raise ValueError(f'future_gap={future_gap}: the motion window would start before the clip of {span} frames')
    return span + max(future_gap + motion_len, 0)


def pretraining_words(clip_len: int, frame_interval: int, future_gap: int, motion_len: int) -> str:
    """An explanation of the value of `pretraining_span`, for messages."""
    span = clip_span(clip_len, frame_interval)
    if future_gap < 0:
        behind = f'the {motion_len} frames of motion start {-future_gap} before its end'
    else:
        behind = f'a gap of {future_gap} and {motion_len} frames of motion follow'
    return f'a clip of {clip_len} frames at stride {frame_interval} spans {span}; {behind}'


def clip_at(start: int, clip_len: int, frame_interval: int) -> np.ndarray:
    """(clip_len,) frame indices of the clip that starts at `start`."""
    return start + frame_interval * np.arange(clip_len)


def random_start(rng: np.random.Generator, num_frames: int, span: int) -> int:
    """A start drawn uniformly from all starts that leave room for `span` frames; 0 if none does."""
    return int(rng.integers(max(num_frames - span, 0) + 1))


def bin_centre_starts(num_frames: int, span: int, num_clips: int) -> np.ndarray:
    """(num_clips,) clip starts: the centres of equal bins of the possible starts, rounded down."""
    edges = np.linspace(0, max(num_frames - span, 0), num_clips + 1)
    return ((edges[:-1] + edges[1:]) / 2).astype(np.int64)


def sliding_starts(num_frames: int, span: int) -> np.ndarray:
    """(n,) clip starts: every window of `span` frames inside the video, overlapping by half; 0 if none fits.

    An odd span overlaps by one frame more than half: 61 frames every 30.
    """
    return np.arange(0, max(num_frames - span, 0) + 1, max(span // 2, 1))


def fit_to_end(indices: np.ndarray, num_frames: int, past_end: PastEnd) -> np.ndarray:
    """Map indices past the video's end to frames of the video, by the named policy.

    'repeat_last' repeats the last frame, 'repeat_first' repeats frame 0 (as released), 'loop' starts the video again,
    'error' refuses.

    Raises:
        VideoTooShort: an index is past the end and the policy is 'error'.
    """
    if num_frames < 1:
        raise VideoTooShort('the video has no frames')
    if past_end == 'repeat_last':
        return np.minimum(indices, num_frames - 1)
    if past_end == 'repeat_first':
        return np.where(indices < num_frames, indices, 0)
    if past_end == 'loop':
        return indices % num_frames
    if past_end != 'error':
        raise ValueError(f"past_end={past_end!r} is not one of 'repeat_last', 'repeat_first', 'loop', 'error'")
    if indices.max(initial=0) >= num_frames:
        raise VideoTooShort(f'the sample needs {indices.max() + 1} frames, but the video has {num_frames}')
    return indices


def nearest_iframes(keyframes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n,) the key frame nearest to each place; of two equally near ones, the earlier one.

    Args:
        keyframes: (k,) ascending frame indices, k >= 1.
        places: (n,) frame indices.
    """
    return keyframes[np.abs(keyframes[None] - places[:, None]).argmin(axis=1)]


def surrounding_iframe(
    rng: np.random.Generator, keyframes: np.ndarray, first: int, last: int, margin: int
) -> tuple[int, bool]:
    """A key frame near the clip, drawn uniformly from those in [first - margin, last + margin].

    Args:
        keyframes: (n,) ascending frame indices, n >= 1.
        first, last: first and last frame of the clip.
        margin: number of frames before and after the clip that count as near.

    Returns:
        The frame index, and whether it is the fallback. If no key frame is near, the fallback is the last one before
        the clip (or the video's first one, if none is before it).
    """
    near = keyframes[(keyframes >= first - margin) & (keyframes <= last + margin)]
    if len(near):
        return int(rng.choice(near)), False
    before = keyframes[keyframes < first]
    return int(before[-1] if len(before) else keyframes[0]), True


def hard_negative_starts(rng: np.random.Generator, num_frames: int, positive: np.ndarray, count: int) -> np.ndarray:
    """(count,) starts of other windows of the same video, which share no frame with the positive window.

    The windows may lie before or after it and may overlap the RGB clip and each other. The starts differ if the video
    is long enough, and are drawn with replacement otherwise.

    Args:
        positive: (motion_len,) frames of the positive window.

    Raises:
        VideoTooShort: no window fits next to the positive one.
    """
    if count == 0:
        return np.empty(0, dtype=np.int64)
    motion_len = len(positive)
    taken = np.zeros(num_frames, dtype=np.int64)
    taken[positive] = 1
    before = np.concatenate([[0], np.cumsum(taken)])  # frames of the positive window before each place
    starts = np.flatnonzero(before[motion_len:] == before[:-motion_len])
    if len(starts) == 0:
        raise VideoTooShort(f'no window of {motion_len} frames fits beside the positive one in {num_frames} frames')
    return rng.choice(starts, size=count, replace=len(starts) < count)
