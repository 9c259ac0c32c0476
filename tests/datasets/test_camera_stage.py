"""The stage takes the camera out of every window of a sample, and the network sees what is left."""

from types import SimpleNamespace

import numpy as np
import pytest

from cmvl_mm.datasets.camera_stage import SubtractCamera
from cmvl_mm.datasets.packing import PackSample


def test_each_frame_of_each_window_loses_its_own_camera():
    rng = np.random.default_rng(0)
    pans = rng.integers(-40, 40, (3, 5, 1, 1, 2)).astype(np.int16)
    motion = np.broadcast_to(pans, (3, 5, 7, 8, 2)).copy()
    motion[:, :, 2:4, 3:5] += np.array([17, -9], np.int16)  # an object
    valid = np.ones((3, 5, 7, 8), bool)
    valid[:, :, 0, 0] = False
    motion[~valid] = 0
    valid[1, 2], motion[1, 2] = False, 0  # an I-frame
    sample = SubtractCamera()(dict(motion=motion, block_valid=valid, motion_block=16))
    expected = np.zeros((3, 5, 7, 8, 2))
    expected[:, :, 2:4, 3:5] = 17, -9
    expected[1, 2] = 0
    np.testing.assert_allclose(sample['motion'], expected, atol=1e-5)
    np.testing.assert_array_equal(sample['block_valid'], valid)
    box = np.tile([0, 0, 112, 128], (3, 1))
    sample |= dict(label=None, motion_box=box, motion_flip=np.zeros(3, bool))
    packed = PackSample()(sample)['inputs']['motion']
    np.testing.assert_array_equal(packed.numpy(), sample['motion'])


def test_a_grid_that_is_too_small_for_any_camera_is_refused():
    """Else all motion of the video would be 0, and nobody would see it."""
    small = dict(motion=np.zeros((1, 2, 3, 3, 2), np.int16), block_valid=np.ones((1, 2, 3, 3), bool), motion_block=16)
    with pytest.raises(
        ValueError, match=r'small\.mp4: 3 x 3 blocks of 16 px are too few.* 12 are needed\. Remedy: set a smaller'
    ):
        SubtractCamera()(small | dict(video=SimpleNamespace(path='small.mp4')))
