"""Table 5: what lies beside each test clip, for retrieval with the I-Network and with the M-Network."""

from mmaction.registry import TRANSFORMS

from . import sampling
from .frame_choice import Sample
from .sampling import PastEnd


@TRANSFORMS.register_module()
class SampleNearestIFrames:
    """The I-frame nearest to the middle of each test clip, as clips of one frame.

    Args:
        clip_len, frame_interval, num_clips: of the test clips, which `SampleClips` puts at the centres of equal bins.
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
    """The motion window after each test clip; the bins are those of starts that leave room for clip and window.

    Args:
        clip_len, frame_interval, num_clips: of the test clips.
        future_gap, motion_len: of the windows, as in `SamplePretraining`.
        past_end: what happens to videos without room for clip, gap and window.
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
