"""Where the sampling stages put their clips."""

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.sampling import VideoTooShort

CLIP = dict(clip_len=16, frame_interval=2)


def drawn(stage, num_frames, seed):
    video = SimpleNamespace(num_frames=num_frames, keyframes=np.arange(0, num_frames, 12))
    return TRANSFORMS.build(stage)(dict(video=video, rng=np.random.default_rng(seed)))


def test_equal_room_means_equal_clips_whatever_the_gap():
    future = dict(type='SamplePretraining', future_gap=2, **CLIP)
    current = dict(type='SamplePretraining', future_gap=-8, room=41, **CLIP)
    pairs = [(drawn(future, 44, seed), drawn(current, 44, seed)) for seed in range(40)]
    assert all((a['clip_frames'] == b['clip_frames']).all() for a, b in pairs)
    assert {int(a['clip_frames'][0, 0]) for a, _ in pairs} == {0, 1, 2, 3}
    assert all(b['motion_frames'][0, -1] == b['clip_frames'][0, -1] for _, b in pairs)  # the clip's own last frames
    alone = [int(drawn(dict(current, room=None), 44, seed)['clip_frames'][0, 0]) for seed in range(40)]
    assert max(alone) > 3  # which is what `room` is for


def test_room_leaves_out_the_same_videos_whatever_the_gap():
    stages = (dict(future_gap=2), dict(future_gap=-8, room=41), dict(future_gap=-8))
    taken = []
    for stage in stages:
        taken.append([])
        for num_frames in range(31, 44):
            with suppress(VideoTooShort):
                drawn(dict(type='SamplePretraining', **stage, **CLIP), num_frames, 0)
                taken[-1].append(num_frames)
    assert taken == [[41, 42, 43], [41, 42, 43], list(range(31, 44))]


def test_room_below_what_is_needed_is_refused():
    with pytest.raises(ValueError, match='room=40: clip and window need 41 frames'):
        TRANSFORMS.build(dict(type='SamplePretraining', future_gap=2, room=40, **CLIP))


def test_the_first_clip():
    found = drawn(dict(type='SampleClips', place='first', **CLIP), 44, 0)
    assert found['clip_frames'].tolist() == [list(range(0, 32, 2))]


@pytest.mark.parametrize('place', ['first', 'random'])
def test_one_place_is_one_clip(place):
    with pytest.raises(ValueError, match=f"place='{place}' takes one clip, not num_clips=2"):
        TRANSFORMS.build(dict(type='SampleClips', place=place, num_clips=2, **CLIP))
