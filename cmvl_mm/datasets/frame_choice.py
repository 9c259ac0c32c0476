"""The first stage of a pipeline, which chooses the frames of a sample: registered wrappers of `sampling`."""

from typing import Any, Literal

import numpy as np
from mmaction.registry import TRANSFORMS

from . import sampling
from .sampling import PastEnd, VideoTooShort

Sample = dict[str, Any]
"""The dict that stages pass on, see `read_stage`."""


@TRANSFORMS.register_module()
class SamplePretraining:
    """A clip, an I-frame near it, the motion window after it, and hard negatives of the same video.

    Args:
        clip_len: frames of the clip.
        frame_interval: stride of the clip, in frames.
        future_gap: frames between the clip's last frame and the motion window: 2 in the authors' release, 0 in the
            paper's text; -motion_len takes the clip's last frames themselves (Table 1's "current").
        motion_len: consecutive frames of a motion window.
        num_negatives: number of other windows of the same video.
        iframe: 'surrounding' draws one near the clip, 'none' reads none (Table 6 does not need it).
        iframe_margin: largest distance of an I-frame from the clip, in frames; 5 in the authors' release.
        clip_place: 'before_future' leaves room for the window if the video is long enough; 'anywhere' draws the clip as
            for a classifier, and `motion_valid` says whether the window lies inside the video (Table 6).
        room: frames reserved for clip and window, if more than they need: with another gap and the same room, clips
            keep their positions, and with 'error' the videos stay the same.
        past_end: policy for videos of fewer frames than `room`; 'error' excludes them.

    Raises:
        VideoTooShort: the video has fewer frames than `room` and `past_end` is 'error'.
    """

    def __init__(
        self,
        clip_len: int = 16,
        frame_interval: int = 4,
        future_gap: int = 2,
        motion_len: int = 8,
        num_negatives: int = 3,
        iframe: Literal['surrounding', 'none'] = 'surrounding',
        iframe_margin: int = 5,
        clip_place: Literal['before_future', 'anywhere'] = 'before_future',
        room: int | None = None,
        past_end: PastEnd = 'error',
    ) -> None:
        if iframe not in ('surrounding', 'none'):
            raise ValueError(f"iframe={iframe!r} is not one of 'surrounding', 'none'")
        if clip_place not in ('before_future', 'anywhere'):
            raise ValueError(f"clip_place={clip_place!r} is not one of 'before_future', 'anywhere'")
        if clip_place == 'anywhere' and past_end == 'error':
            raise ValueError("clip_place='anywhere' reads past the end. Remedy: set past_end='repeat_last'.")
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.future_gap = future_gap
        self.motion_len = motion_len
        self.num_negatives = num_negatives
        self.iframe = iframe
        self.iframe_margin = iframe_margin
        self.past_end: PastEnd = past_end
        span = sampling.pretraining_span(clip_len, frame_interval, future_gap, motion_len)
        self.room = span if clip_place == 'before_future' else sampling.clip_span(clip_len, frame_interval)
        if room is not None:
            if room < self.room:
                raise ValueError(f'room={room} is too small: clip and window need {self.room} frames')
            self.room = room
        self.why = sampling.pretraining_words(clip_len, frame_interval, future_gap, motion_len)

    def __call__(self, sample: Sample) -> Sample:
        video, rng = sample['video'], sample['rng']
        if self.past_end == 'error' and video.num_frames < self.room:
            raise VideoTooShort(
                f'the video has {video.num_frames} frames, but this config needs {self.room} ({self.why})'
            )
        start = sampling.random_start(rng, video.num_frames, self.room)
        clip = sampling.clip_at(start, self.clip_len, self.frame_interval)
        future = clip[-1] + self.future_gap + 1 + np.arange(self.motion_len)
        if self.past_end != 'error':
            sample['motion_valid'] = bool(future[-1] < video.num_frames)
        fitted = sampling.fit_to_end(np.concatenate([clip, future]), video.num_frames, self.past_end)
        clip, future = fitted[: self.clip_len], fitted[self.clip_len :]
        negatives = sampling.hard_negative_starts(rng, video.num_frames, future, self.num_negatives)
        sample['clip_frames'] = clip[None]
        if self.iframe == 'surrounding':
            sample['iframe_frame'], sample['iframe_fallback'] = sampling.surrounding_iframe(
                rng, video.keyframes, int(clip.min()), int(clip.max()), self.iframe_margin
            )
        sample['motion_frames'] = np.vstack([future, negatives[:, None] + np.arange(self.motion_len)])
        return sample


@TRANSFORMS.register_module()
class SampleClips:
    """Clips only: one at a random position (training), or several spread over the video (testing).

    Args:
        clip_len, frame_interval: as in `SamplePretraining`.
        place: 'random' draws one clip; 'first' takes the video's first; 'bin_centres' spreads `num_clips`; 'sliding'
            takes every clip, overlapping by half, so that longer videos have more clips and need batch_size=1 in
            tests.
        num_clips: clips per video, for 'bin_centres' only.
        past_end: policy for videos shorter than a clip.
    """

    def __init__(
        self,
        clip_len: int = 16,
        frame_interval: int = 4,
        place: Literal['random', 'first', 'bin_centres', 'sliding'] = 'random',
        num_clips: int = 1,
        past_end: PastEnd = 'repeat_last',
    ) -> None:
        if place not in ('random', 'first', 'bin_centres', 'sliding'):
            raise ValueError(f"place={place!r} is not one of 'random', 'first', 'bin_centres', 'sliding'")
        if place in ('random', 'first') and num_clips != 1:
            raise ValueError(f'place={place!r} gives one clip, not num_clips={num_clips}. Remedy: omit num_clips.')
        if place == 'sliding' and num_clips != 1:
            raise ValueError(f"place='sliding' gives all clips, not num_clips={num_clips}. Remedy: omit num_clips.")
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.place = place
        self.num_clips = num_clips
        self.past_end: PastEnd = past_end
        self.span = sampling.clip_span(clip_len, frame_interval)

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        if self.place == 'random':
            starts = np.array([sampling.random_start(sample['rng'], num_frames, self.span)])
        elif self.place == 'first':
            starts = np.zeros(1, dtype=np.int64)
        elif self.place == 'sliding':
            starts = sampling.sliding_starts(num_frames, self.span)
        else:
            starts = sampling.bin_centre_starts(num_frames, self.span, self.num_clips)
        clips = np.stack([sampling.clip_at(int(start), self.clip_len, self.frame_interval) for start in starts])
        sample['clip_frames'] = sampling.fit_to_end(clips, num_frames, self.past_end)
        return sample


@TRANSFORMS.register_module()
class SampleNearestIFrames:
    """The I-frame nearest to the middle of each test clip, as clips of one frame.

    Args:
        clip_len, frame_interval, num_clips: settings of the test clips, at the centres of equal bins as in
            `SampleClips`.
    """

    def __init__(self, clip_len: int = 16, frame_interval: int = 4, num_clips: int = 10) -> None:
        self.span = sampling.clip_span(clip_len, frame_interval)
        self.num_clips = num_clips

    def __call__(self, sample: Sample) -> Sample:
        video = sample['video']
        starts = sampling.bin_centre_starts(video.num_frames, self.span, self.num_clips)
        sample['clip_frames'] = sampling.nearest_iframes(video.keyframes, starts + self.span // 2)[:, None]
        return sample


@TRANSFORMS.register_module()
class SampleFutureMotions:
    """The motion window after each test clip; the bins cover the starts that leave room for clip and window.

    Args:
        clip_len, frame_interval, num_clips: settings of the test clips.
        future_gap, motion_len: settings of the windows, as in `SamplePretraining`.
        past_end: policy for videos without room for clip, gap and window.
    """

    def __init__(
        self,
        clip_len: int = 16,
        frame_interval: int = 4,
        future_gap: int = 2,
        motion_len: int = 8,
        num_clips: int = 10,
        past_end: PastEnd = 'repeat_last',
    ) -> None:
        self.first = sampling.clip_span(clip_len, frame_interval) + future_gap
        self.span = sampling.pretraining_span(clip_len, frame_interval, future_gap, motion_len)
        self.motion_len = motion_len
        self.num_clips = num_clips
        self.past_end: PastEnd = past_end

    def __call__(self, sample: Sample) -> Sample:
        num_frames = sample['video'].num_frames
        starts = sampling.bin_centre_starts(num_frames, self.span, self.num_clips)
        windows = sampling.clip_at(0, self.motion_len, 1) + (starts + self.first)[:, None]
        sample['motion_frames'] = sampling.fit_to_end(windows, num_frames, self.past_end)
        return sample
