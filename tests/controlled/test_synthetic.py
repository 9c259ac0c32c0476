"""Synthetic videos move as they say, and the codec finds it."""

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_moving_object, make_pan, make_zoom
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video


def test_a_pan_moves_every_pixel_by_the_displacement():
    pan = make_pan(displacement=(3, -2), num_frames=4, height=40, width=50)
    assert pan.frames.shape == (4, 40, 50, 3)
    assert pan.frames.dtype == np.uint8
    np.testing.assert_array_equal(pan.frames[1][:-2, 3:], pan.frames[0][2:, :-3])
    assert not pan.displacement[0].any()
    assert (pan.displacement[1:] == [3, -2]).all()
    assert pan.frames.std() > 30  # there is something to match
    half = make_pan(displacement=(0.5, 0), num_frames=3, height=40, width=50)
    np.testing.assert_array_equal(half.frames[2][:, 1:], half.frames[0][:, :-1])


def test_a_zoom_is_still_in_the_middle_and_points_outwards():
    zoom = make_zoom(rate=1.05, num_frames=3, height=41, width=61)
    np.testing.assert_array_equal(zoom.frames[2][20, 30], zoom.frames[0][20, 30])
    assert not zoom.displacement[1, 20, 30].any()
    assert zoom.displacement[1, 20, 60, 0] == pytest.approx(30 * (1 - 1 / 1.05))
    assert zoom.displacement[1, 0, 30, 1] < 0


def test_the_object_moves_and_the_background_does_not():
    video = make_moving_object(displacement=(4, 2), num_frames=6, height=96, width=96, size=32)
    moving = video.displacement[3].any(axis=-1)
    assert moving.sum() == 32 * 32
    rows, columns = np.nonzero(moving)
    np.testing.assert_array_equal(
        video.frames[3][rows, columns], video.frames[2][rows - 2, columns - 4]
    )  # where the content came from
    still = ~(moving | video.displacement[2].any(axis=-1))
    np.testing.assert_array_equal(video.frames[3][still], video.frames[2][still])


@pytest.mark.parametrize('displacement', [(20, 0), (-20, 0), (0, 20), (0, -20), (17, -30)])
def test_an_object_may_leave_the_picture(displacement):
    video = make_moving_object(displacement=displacement, num_frames=21, height=64, width=80, size=16)
    np.testing.assert_array_equal(video.frames[0], video.frames[20])  # it is out of sight at both ends
    assert not video.displacement[20].any()
    assert video.displacement[10].any(-1).sum() == 16 * 16


@pytest.mark.parametrize('make', [make_pan, make_zoom, make_moving_object])
def test_seeds(make):
    argument = {'rate': 1.02} if make is make_zoom else {'displacement': (2, 1)}
    one, same, other = (make(**argument, num_frames=2, seed=seed).frames for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.5


@pytest.mark.parametrize('make', [make_zoom, make_moving_object])
def test_the_codec_finds_the_true_motion(make, tmp_path):
    argument = {'rate': 1.03} if make is make_zoom else {'displacement': (4, 2)}
    video = make(**argument, num_frames=12)
    write_video(video.frames, tmp_path / 'video.mp4')
    with CompressedVideo(tmp_path / 'video.mp4', block=16) as stream:
        field = stream.read(motion=range(1, 12)).motion
    truth = video.displacement[1:].reshape(11, 8, 16, 10, 16, 2).mean(axis=(2, 4))
    assert np.corrcoef(field.vectors.ravel(), truth.ravel())[0, 1] > 0.9
    assert np.abs(field.vectors / 4 - truth).mean() < 0.3
