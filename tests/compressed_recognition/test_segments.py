"""Which frames: one of each segment, and none of a type that has not what is asked for."""

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.compressed_recognition.segments import iframes_before, predicted_before, segment_frames
from cmvl_mm.datasets.sampling import VideoTooShort


class Video:
    def __init__(self, num_frames, keyframes):
        self.num_frames, self.keyframes = num_frames, np.array(keyframes)


def sampled(video, seed=0, **settings):
    stage = TRANSFORMS.build(dict(type='SampleSegments', **settings))
    return stage(dict(video=video, rng=np.random.default_rng(seed)))['clip_frames']


def test_each_segment_gives_one_frame_and_draws_reach_all_of_it():
    draws = np.stack([segment_frames(31, 3, np.random.default_rng(seed)) for seed in range(400)])
    assert [sorted(set(column)) for column in draws.T] == [list(range(n, n + 10)) for n in (0, 10, 20)]
    assert segment_frames(31, 3).tolist() == [5, 15, 25]
    assert segment_frames(1, 3, np.random.default_rng(0)).tolist() == [0, 0, 0]
    np.testing.assert_array_equal(segment_frames(31, 3, np.random.default_rng(7)), draws[7])


def test_frames_move_to_where_the_stream_is():
    keys, frames = np.array([0, 12, 13, 24]), np.array([0, 5, 11, 12, 13, 14, 24, 25])
    assert iframes_before(keys, frames).tolist() == [0, 0, 0, 12, 13, 13, 24, 24]
    assert predicted_before(keys, 26, frames).tolist() == [1, 5, 11, 11, 11, 14, 23, 25]
    with pytest.raises(VideoTooShort, match='all 3 frames are I-frames'):
        predicted_before(np.arange(3), 3, np.array([1]))


def test_the_stage_takes_no_iframe_for_vectors_and_only_iframes_else():
    video = Video(50, [0, 12, 24, 36, 48])
    for seed in range(30):
        predicted = sampled(video, seed, segments=3, place='random', frames='predicted', stack=4)
        assert predicted.shape == (3, 4)
        assert not np.isin(predicted, video.keyframes).any()
        assert (np.diff(predicted) >= 0).all()
        assert np.isin(sampled(video, seed, segments=3, place='random', frames='iframe'), video.keyframes).all()
    assert sampled(video, segments=2, place='middle', frames='predicted').tolist() == [[13], [37]]
    with pytest.raises(VideoTooShort, match='has 4 frames, but frame 0 and 4 more'):
        sampled(Video(4, [0]), segments=2, place='middle', frames='predicted', stack=4)
    with pytest.raises(ValueError, match="'iframe' needs stack=1"):
        sampled(video, segments=2, place='middle', frames='iframe', stack=2)
