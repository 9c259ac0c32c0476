"""Halved videos keep names, lists and frames, show the same pictures, and have half as many vectors to a side."""

import numpy as np
import pytest
from rows import BY_NAME, CONFIGS, options_of_training
from run import config_with
from small_videos import make_small

from cmvl_mm.controlled.basic import make_controlled_video
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video


@pytest.fixture(scope='module')
def halved(tmp_path_factory):
    """A video of level basic, and its half."""
    root = tmp_path_factory.mktemp('levels')
    frames, _ = make_controlled_video(1, 'blobs', 'cw')
    write_video(frames[:24], root / 'basic/videos/one.mp4', quantiser=4)
    (root / 'basic/annotations').mkdir()
    for split in ('train', 'val', 'test'):
        (root / f'basic/annotations/{split}_joint.txt').write_text('videos/one.mp4 3\n')
    make_small(root / 'basic', root / 'small', workers=1)
    return root


def test_the_same_pictures_at_half_the_size(halved):
    assert (halved / 'small/annotations/train_joint.txt').read_text() == 'videos/one.mp4 3\n'
    own, half = (CompressedVideo(halved / level / 'videos/one.mp4') for level in ('basic', 'small'))
    assert len(own) == len(half) == 24
    (pixels, field), (small, small_field) = (video.read(rgb=[0, 5], motion=[0, 5]) for video in (own, half))
    assert [reason is None for reason in field.missing] == [reason is None for reason in small_field.missing]
    assert (pixels.shape, small.shape) == ((2, 112, 128, 3), (2, 56, 64, 3))
    means = pixels.reshape(2, 56, 2, 64, 2, 3).mean((2, 4))
    assert np.abs(means - small).mean() < np.abs(means - small[:, :, ::-1]).mean() / 4  # colours are coarse in both
    assert (field.vectors.shape[1:3], small_field.vectors.shape[1:3]) == ((7, 8), (4, 4))


def test_the_arms_differ_in_the_videos_alone():
    rows = [BY_NAME[name] for name in ('small_videos', 'far_vector_maps')]
    assert rows[0].train == rows[1].train
    half, own = (config_with(CONFIGS / f'{row.train}.py', options_of_training(row, 0)) for row in rows)
    half, own = half.train_dataloader.dataset, own.train_dataloader.dataset
    assert half.data_prefix.video == 'work_dirs/evidence/small'
    assert half.ann_file == 'work_dirs/evidence/small/annotations/train_joint.txt'
    half.data_prefix, half.ann_file = own.data_prefix, own.ann_file
    assert half == own
