"""Where the sampling stages put their clips."""

from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from mmaction.registry import DATASETS, TRANSFORMS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.sampling import VideoTooShort
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import CompressedVideo

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
    with pytest.raises(ValueError, match='room=40 is too small: clip and window need 41 frames'):
        TRANSFORMS.build(dict(type='SamplePretraining', future_gap=2, room=40, **CLIP))


def test_the_first_clip():
    found = drawn(dict(type='SampleClips', place='first', **CLIP), 44, 0)
    assert found['clip_frames'].tolist() == [list(range(0, 32, 2))]


@pytest.mark.parametrize('place', ['first', 'random'])
def test_one_place_is_one_clip(place):
    with pytest.raises(ValueError, match=f"place='{place}' gives one clip, not num_clips=2"):
        TRANSFORMS.build(dict(type='SampleClips', place=place, num_clips=2, **CLIP))


class Video:
    """What the sampling stages look at."""

    num_frames = 161  # starts 0 ... 100 of a clip of 61: bin centres 5, 15, …, 95
    keyframes = np.arange(0, 161, 12)


def test_the_iframe_nearest_to_each_clips_middle():
    sample = TRANSFORMS.build(dict(type='SampleNearestIFrames'))(dict(video=Video()))
    # middles 35, 45, 55, …, 125
    assert sample['clip_frames'].tolist() == [[36], [48], [60], [60], [72], [84], [96], [108], [120], [120]]


def test_the_window_after_each_clip_lies_in_the_video():
    sample = TRANSFORMS.build(dict(type='SampleFutureMotions'))(dict(video=Video()))
    starts = np.arange(4.5, 90, 9).astype(int)  # starts 0 ... 90 leave room for 71 frames
    assert sample['motion_frames'].tolist() == [list(range(start + 63, start + 71)) for start in starts]
    short = Video()
    short.num_frames = 66
    sample = TRANSFORMS.build(dict(type='SampleFutureMotions', num_clips=1))(dict(video=short))
    assert sample['motion_frames'].tolist() == [[63, 64, 65, 65, 65, 65, 65, 65]]


@pytest.mark.parametrize('config', ['demo/table5_i_network', 'demo/table5_m_network'])
def test_the_pipeline_reads_just_that(config, repository, controlled_set):
    dataset = load_config(repository / f'configs/{config}.py').test_dataloader.dataset
    dataset.update(
        gallery=str(controlled_set / 'train.txt'),
        query=str(controlled_set / 'test.txt'),
        data_prefix=dict(video=str(controlled_set)),
    )
    inputs = DATASETS.build(dataset)[0]['inputs']
    if config.endswith('i_network'):
        assert inputs.keys() == {'imgs'}
        assert inputs['imgs'].shape == (4, 3, 1, 48, 48)
        return
    assert inputs.keys() == {'motion', 'motion_box', 'motion_flip', 'motion_block'}
    assert inputs['motion_box'].tolist() == [[8, 16, 96, 96]] * 4  # 48 / 56 of the short side, in the middle
    assert not inputs['motion_flip'].any()
    block = int(inputs['motion_block'])
    with CompressedVideo(controlled_set / 'videos/train0.mp4', block) as video:
        frames = TRANSFORMS.build(stage_of(dataset.pipeline, 'sample'))(dict(video=video))['motion_frames']
        field = video.read(rgb=[], motion=frames[2]).motion
    assert np.array_equal(inputs['motion'][2], field.vectors)


def test_a_regularised_clip_lies_anywhere_and_says_whether_its_future_was_there(repository, controlled_set):
    dataset = load_config(repository / 'configs/demo/table6.py').train_dataloader.dataset
    dataset.update(ann_file=str(controlled_set / 'train.txt'), data_prefix=dict(video=str(controlled_set)))
    built = DATASETS.build(dataset)
    stage, seen = stage_of(built.pipeline.transforms, 'sample'), set()
    with CompressedVideo(controlled_set / 'videos/train0.mp4') as video:
        for index in range(200):
            sample = stage(dict(video=video, rng=SampleIndex(index).generator()))
            last = int(sample['clip_frames'].max())
            assert sample['motion_valid'] == (last + 2 + 8 <= video.num_frames - 1)
            assert 'iframe_frame' not in sample
            seen.add((last == video.num_frames - 1, sample['motion_valid']))
    assert seen == {(True, False), (False, False), (False, True)}
    inputs = built[0]['inputs']
    assert inputs['motion_valid'].shape == ()
    assert 'iframe' not in inputs


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(iframe='none!'), "iframe='none!'"),
        (dict(clip_place='end'), "clip_place='end'"),
        (dict(clip_place='anywhere'), "past_end='repeat_last'"),
    ],
)
def test_wrong_settings_name_value_and_remedy(arguments, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(dict(type='SamplePretraining', **arguments))
