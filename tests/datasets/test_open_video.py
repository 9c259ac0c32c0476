"""A bare file gives the sample that the data set gives, and is closed; decoded frames give their own pixels."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.dataset import Compose

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.decoded_frames import DecodedFrames
from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError

STAGES = [
    dict(type='OpenVideo'),
    dict(type='SampleClips', clip_len=8, frame_interval=2, place='bin_centres', num_clips=3),
    dict(type='ReadCompressed'),
    dict(type='CentreCrop', size=48, resize_short=56),
    dict(type='PackSample', clips='many'),
]
HANDED_OVER = dict(label=-1, start_index=0, modality='RGB')
"""What MMAction2's inference puts beside the file's name."""


def run(sample, stages=STAGES):
    for stage in stages:
        sample = TRANSFORMS.build(stage)(sample)
    return sample


def open_files(path):
    return sum(Path(link).resolve() == Path(path).resolve() for link in Path('/proc/self/fd').iterdir())


@pytest.fixture
def video(controlled_set):
    return controlled_set / 'videos' / 'test3.mp4'


def test_a_bare_file_gives_what_the_data_set_gives(controlled_set, video):
    dataset = DATASETS.build(
        dict(
            type='CompressedVideoDataset',
            ann_file=str(controlled_set / 'test.txt'),
            data_prefix=dict(video=str(controlled_set)),
            pipeline=STAGES,
            on_error='raise',
        )
    )
    expected = dataset[3]
    found = Compose([TRANSFORMS.build(stage) for stage in STAGES])(dict(filename=str(video), **HANDED_OVER))
    assert found['inputs'].keys() == expected['inputs'].keys()
    assert torch.equal(found['inputs']['imgs'], expected['inputs']['imgs'])
    assert found['data_samples'].path == str(video)
    assert 'gt_label' not in found['data_samples']  # -1 says that nobody knows it
    assert expected['data_samples'].gt_label.tolist() == [3]


def test_a_label_that_is_known_is_kept(video):
    packed = run(dict(filename=video, label=5))
    assert packed['data_samples'].gt_label.tolist() == [5]


def test_the_file_is_closed_when_it_has_been_read(video):
    gc.disable()  # nothing is left to the collector
    try:
        sample = run(dict(filename=video), STAGES[:2])
        assert open_files(video) == 1
        sample = run(sample, STAGES[2:3])
        assert open_files(video) == 0
        with pytest.raises(VideoError, match='closed'):
            sample['video'].read(rgb=[0])
    finally:
        gc.enable()


def test_the_file_is_closed_when_reading_it_fails(video):
    sample = run(dict(filename=video), STAGES[:2])
    sample['clip_frames'] = sample['clip_frames'] + 1000
    with pytest.raises(IndexError):
        run(sample, STAGES[2:3])
    assert open_files(video) == 0


def test_a_data_sets_file_stays_open(video):
    with CompressedVideo(video) as opened:
        sample = run(dict(video=opened, rng=np.random.default_rng(0), label=None), STAGES[:3])
        assert sample['video'] is opened
        opened.read(rgb=[0])


def test_a_stage_that_draws_draws_the_same_for_a_file(video):
    random = [STAGES[0], dict(type='SampleClips', clip_len=8, place='random')]
    places = {int(run(dict(filename=video), random)['clip_frames'][0, 0]) for _ in range(3)}
    assert len(places) == 1


def test_decoded_frames_give_what_their_file_gives(video):
    with CompressedVideo(video) as opened:
        frames = opened.read(rgb=range(opened.num_frames)).rgb
    handed_over = dict(array=frames, total_frames=len(frames), **HANDED_OVER)
    assert torch.equal(run(handed_over)['inputs']['imgs'], run(dict(filename=video))['inputs']['imgs'])


def test_block_is_the_grid_of_the_vectors(video):
    stages = [dict(type='SampleFutureMotions', frame_interval=2, num_clips=1), dict(type='ReadCompressed')]
    height, width = 112, 128
    for block in (8, 16):
        sample = run(dict(filename=video), [dict(type='OpenVideo', block=block), *stages])
        assert sample['motion'].shape[2:] == (height // block, width // block, 2)


@pytest.mark.parametrize(
    ('stage', 'words'),
    [
        (dict(type='SampleFutureMotions', frame_interval=2, num_clips=1), 'no motion vectors'),
        (dict(type='SampleNearestIFrames', frame_interval=2, num_clips=1), 'key frames'),
    ],
)
def test_decoded_frames_have_no_compressed_stream(stage, words):
    frames = np.zeros((60, 32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match=words):
        run(dict(array=frames), [STAGES[0], stage, STAGES[2]])


def test_decoded_frames_have_no_flow():
    motion = dict(type='SampleFutureMotions', frame_interval=2, num_clips=1)
    with pytest.raises(ValueError, match='decoded frames have no'):
        run(
            dict(array=np.zeros((60, 32, 32, 3), np.uint8)),
            [STAGES[0], motion, dict(type='ReadCompressed', motion='flow')],
        )


def test_decoded_frames_are_not_counted_from_the_end():
    frames = DecodedFrames(np.zeros((4, 32, 32, 3), np.uint8))
    for index in (-1, 4):
        with pytest.raises(FrameIndexError, match=rf'it has 4 frames, no frame {index}'):
            frames.read(rgb=[0, index])


@pytest.mark.parametrize(
    'frames', [np.zeros((4, 32, 32), np.uint8), np.zeros((4, 32, 32, 2), np.uint8), np.zeros((4, 32, 32, 3))]
)
def test_frames_of_another_kind_are_refused(frames):
    with pytest.raises(ValueError, match='uint8 RGB'):
        run(dict(array=frames), STAGES[:1])


def test_a_folder_of_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'frame_dir, label names no video\. Remedy'):
        run(dict(frame_dir=os.fspath(tmp_path), label=-1), STAGES[:1])
