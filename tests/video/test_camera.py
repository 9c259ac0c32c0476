"""The camera's motion is found under the motion of objects, and taken out of it."""

import numpy as np
import pytest

from cmvl_mm.controlled.hard import CONTEXTS, MOTIONS, make_hard_video
from cmvl_mm.controlled.truth import block_truth
from cmvl_mm.video import CompressedVideo, MotionField, camera_motion, without_camera
from cmvl_mm.video.camera import LEAST_BLOCKS
from cmvl_mm.video.encode import write_video

BLOCK = 16


def field_of(pan, zoom, roll, *, shape=(4, 9, 11)):
    """Vectors of a camera alone, in whole quarter pixels; places are in px from the middle of the grid."""
    y, x = (np.mgrid[: shape[1], : shape[2]] - np.array([shape[1] - 1, shape[2] - 1])[:, None, None] / 2) * BLOCK
    vectors = np.stack([pan[0] + zoom * x - roll * y, pan[1] + zoom * y + roll * x], -1)
    vectors = np.broadcast_to(np.rint(vectors).astype(np.int16), (*shape, 2)).copy()
    return MotionField(vectors, np.ones(shape, bool), BLOCK)


def test_pan_zoom_and_roll_come_back_in_spite_of_objects():
    """Whole numbers in each block, so that nothing is rounded; four blocks of ten move otherwise."""
    field = field_of((-13, 40), 1 / 8, -1 / 4)
    objects = np.zeros((9, 11), bool)
    objects[2:6, 1:7] = objects[5:9, 5:9] = True
    field.vectors[:, objects] = (55, -20)
    camera = camera_motion(field)
    np.testing.assert_allclose(camera.pan, [[-13, 40]] * 4, atol=1e-6)
    np.testing.assert_allclose(camera.zoom, 1 / 8, atol=1e-7)
    np.testing.assert_allclose(camera.roll, -1 / 4, atol=1e-7)
    steady, known = without_camera(field)
    assert known.all()
    assert np.abs(steady[:, ~objects]).max() < 1e-5
    assert np.abs(steady[:, objects]).min(axis=-1).max() > 10


def test_blocks_that_are_not_valid_count_nothing_and_stay_zero():
    field = field_of((8, 4), 0, 0)
    field.valid[:, :, 6:] = False
    field.vectors[~field.valid] = 0
    field.valid[1].flat[LEAST_BLOCKS - 1 :] = False
    camera = camera_motion(field)
    np.testing.assert_allclose(camera.pan[[0, 2, 3]], [[8, 4]] * 3, atol=1e-6)
    assert np.isnan(camera.pan[1]).all()
    assert np.isnan([camera.zoom[1], camera.roll[1]]).all()
    steady, known = without_camera(field)
    assert not known[1].any()
    np.testing.assert_array_equal(known[[0, 2, 3]], field.valid[[0, 2, 3]])
    assert (steady[~known] == 0).all()
    assert without_camera(MotionField(field.vectors[:0], field.valid[:0], BLOCK))[0].shape == (0, 9, 11, 2)


@pytest.mark.parametrize('way', [1, -1])
def test_the_mirrored_field_has_the_mirrored_camera(way):
    field = field_of((7, -3), 0.02, 0.05)
    rng = np.random.default_rng(0)
    field.vectors[:, rng.random((9, 11)) < 0.3] = rng.integers(-60, 60, 2)
    mirrored = MotionField(field.vectors[:, :, ::-1] * np.array([-1, 1], np.int16), field.valid, BLOCK)
    one, other = camera_motion(field), camera_motion(mirrored)
    np.testing.assert_allclose(other.pan, one.pan * [-1, 1], atol=1e-9)
    np.testing.assert_allclose([other.zoom, other.roll], [one.zoom, -one.roll], atol=1e-9)


def test_what_the_camera_and_the_objects_of_a_video_did_comes_back(tmp_path):
    """Encoded videos with a pan, a zoom and three to five textured objects, whose true motion is known."""
    pans, zooms, ground, objects = [], [], [], []
    for n in range(6):
        frames, truth = make_hard_video((8, n), CONTEXTS[5 * n % 12], MOTIONS[7 * n % 12])
        file = tmp_path / f'{n}.mp4'
        write_video(frames[:48], file, quantiser=4)
        with CompressedVideo(file, block=BLOCK) as video:
            field = video.read(motion=range(48)).motion
        camera, (steady, known) = camera_motion(field), without_camera(field)
        found = ~np.isnan(camera.zoom)
        assert found.sum() > 40
        pans.append(camera.pan[found] / 4 - truth.background[:48][found])
        zooms.append(camera.zoom[found] / 4 - (1 - 1 / truth.zoom[:48][found]))
        true = block_truth(truth, BLOCK)
        rows, columns = np.mgrid[:7, :8] * BLOCK + (BLOCK - 1) / 2
        places = np.stack([columns - 63.5, rows - 55.5], -1)
        moved = truth.background[:48, None, None] + (1 - 1 / truth.zoom[:48])[:, None, None, None] * places
        left = steady / 4 - (true.vectors[:48] - moved)
        ground.append(left[true.outside[:48] & known])
        objects.append(left[true.inside[:48] & known])
    assert np.quantile(np.abs(np.concatenate(pans)), 0.9) < 0.25
    assert np.median(np.abs(np.concatenate(zooms))) < 0.002
    assert np.quantile(np.linalg.norm(np.concatenate(ground), axis=-1), 0.9) < 0.6
    assert np.quantile(np.linalg.norm(np.concatenate(objects), axis=-1), 0.9) < 0.75
