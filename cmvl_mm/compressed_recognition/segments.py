"""Choose the frames of a compressed-domain recogniser: one per segment, moved to a frame that has the stream.

The rule is that of CoViAR's published code (`dataset.py`): vectors and residuals never come from an I-frame.
"""

from typing import Any, Literal

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.datasets.sampling import VideoTooShort

Sample = dict[str, Any]
Frames = np.ndarray


def segment_frames(num_frames: int, segments: int, rng: np.random.Generator | None = None) -> Frames:
    """(segments,) frames, one of each of as many equal segments of a video.

    Args:
        num_frames: frames of the video, at least 1; with fewer frames than segments, frames repeat.
        segments: number of segments, at least 1.
        rng: draws uniformly in each segment; None takes the middle of each, for a test.
    """
    length = (num_frames - 1) / segments
    if rng is None:
        return np.round(length * (np.arange(segments) + 0.5)).astype(np.int64)
    edges = np.round(length * np.arange(segments + 1)).astype(np.int64)
    return rng.integers(edges[:-1], np.maximum(edges[1:], edges[:-1] + 1))


def iframes_before(keyframes: Frames, frames: Frames) -> Frames:
    """The I-frame at or before each frame; the first I-frame if there is none before.

    Args:
        keyframes: (k,) ascending indices, k at least 1.
        frames: frame indices of any shape.
    """
    return keyframes[np.maximum(np.searchsorted(keyframes, frames, side='right') - 1, 0)]


def predicted_before(keyframes: Frames, num_frames: int, frames: Frames) -> Frames:
    """Replace each I-frame by the last predicted frame before it, or by the first one if there is none before.

    Args:
        keyframes: (k,) ascending indices.
        num_frames: frames of the video.
        frames: frame indices of any shape.

    Raises:
        VideoTooShort: every frame is an I-frame.
    """
    predicted = np.ones(num_frames, np.bool_)
    predicted[keyframes] = False
    if not predicted.any():
        raise VideoTooShort(f'all {num_frames} frames are I-frames, which have neither vectors nor residuals')
    last = np.maximum.accumulate(np.where(predicted, np.arange(num_frames), -1))
    return np.where(last < 0, predicted.argmax(), last)[frames]


@TRANSFORMS.register_module()
class SampleSegments:
    """One frame of each segment, or a few consecutive ones, as `clip_frames` (segments, stack).

    Args:
        segments: 3 for training in CoViAR, 25 for testing.
        place: 'random' draws one in each segment, 'middle' takes the middle.
        frames: 'iframe' moves each frame to the I-frame at or before it; 'predicted' excludes frame 0, and moves an
            I-frame to the frame before it, whose vectors and residual are those of a whole group of pictures.
        stack: consecutive frames per segment, for networks that see several vector fields at once.

    Raises:
        VideoTooShort: the video has no room for the stack, or no predicted frame.
    """

    def __init__(
        self,
        segments: int,
        place: Literal['random', 'middle'],
        frames: Literal['iframe', 'predicted'],
        stack: int = 1,
    ) -> None:
        if place not in ('random', 'middle'):
            raise ValueError(f"place={place!r} is not one of 'random', 'middle'")
        if frames not in ('iframe', 'predicted'):
            raise ValueError(f"frames={frames!r} is not one of 'iframe', 'predicted'")
        if segments < 1 or stack < 1:
            raise ValueError(f'segments={segments}, stack={stack}: both must be at least 1')
        if frames == 'iframe' and stack > 1:
            raise ValueError(f"frames='iframe' needs stack=1, not stack={stack}")
        self.segments, self.place, self.frames, self.stack = segments, place, frames, stack

    def __call__(self, sample: Sample) -> Sample:
        video, rng = sample['video'], sample['rng'] if self.place == 'random' else None
        if self.frames == 'iframe':
            found = iframes_before(video.keyframes, segment_frames(video.num_frames, self.segments, rng))
            sample['clip_frames'] = found[:, None]
            return sample
        starts = video.num_frames - self.stack  # frame 0 is not a predicted frame
        if starts < 1:
            raise VideoTooShort(
                f'the video has {video.num_frames} frames, but frame 0 and {self.stack} more are needed'
            )
        first = 1 + segment_frames(starts, self.segments, rng)
        frames = first[:, None] + np.arange(self.stack)
        sample['clip_frames'] = predicted_before(video.keyframes, video.num_frames, frames)
        return sample
