"""TV-L1: the sign and unit of motion vectors on known motion, exact block means, and a remedy without OpenCV's part."""

import cv2
import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_moving_object, make_pan
from cmvl_mm.datasets.flow import read_flow, write_flow
from cmvl_mm.prepare.tvl1 import block_means, quarter_pixels, require_optflow, tvl1_flow
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import write_video


@pytest.fixture
def write(tmp_path):
    def write(frames):
        write_video(frames, tmp_path / 'clip.mp4', quantiser=1)
        return tmp_path / 'clip.mp4'

    return write


@pytest.mark.parametrize('displacement', [(2, -1), (-1.5, 0.75)])
def test_a_pan_is_recovered_with_sign_and_unit(write, displacement):
    """The median of every moving frame, in quarter pixels, is right within one."""
    with CompressedVideo(write(make_pan(displacement=displacement, num_frames=3, height=50, width=70).frames)) as video:
        write_flow(video, tvl1_flow(video))
        field = read_flow(video, motion=range(3))
    assert field.vectors.shape == (3, 13, 18, 2)
    assert not field.vectors[0].any()
    median = np.median(field.vectors[1:], axis=(1, 2))
    assert np.abs(median - 4 * np.array(displacement)).max() <= 1


def test_flow_lies_where_the_frame_shows_the_object(write):
    """At frame t, not t - 1: a square of 32 px that moves by 4 px, still ground all round."""
    video = make_moving_object(displacement=(4, 0), num_frames=2, height=64, width=96, size=32)
    with CompressedVideo(write(video.frames)) as compressed:
        flow = list(tvl1_flow(compressed))[1]
    truth = block_means(video.displacement[1], 4)[..., 0]
    inside, outside = flow[truth == 4], flow[:, [0, 1, 2, -3, -2, -1]]
    assert np.median(inside[:, 0]) == pytest.approx(16, abs=1)
    assert np.median(np.abs(outside)) == 0
    columns = np.flatnonzero((flow[28 // 4 : 36 // 4, :, 0] > 8).all(0))
    true_columns = np.flatnonzero((truth[28 // 4 : 36 // 4] > 2).all(0))
    assert abs(columns.mean() - true_columns.mean()) < 0.5  # 4 px early would be a whole block


@pytest.mark.parametrize('size', [(12, 16), (13, 18), (3, 2), (1, 9)])
def test_block_means_equal_a_naive_loop(size):
    height, width = size
    field = np.random.default_rng(0).normal(size=(height, width, 2)).astype(np.float32)
    means = block_means(field, 4)
    assert means.shape == (-(-height // 4), -(-width // 4), 2)
    for row, column in np.ndindex(means.shape[:2]):
        cell = field[row * 4 : row * 4 + 4, column * 4 : column * 4 + 4]
        np.testing.assert_allclose(means[row, column], cell.mean((0, 1), dtype=np.float64))


def test_quarter_pixels_round_and_refuse_what_does_not_fit():
    pixels = np.array([0.12, 0.13, -0.13, 2.75, -8191.75])
    assert quarter_pixels(pixels).tolist() == [0, 1, -1, 11, -32767]
    for bad in (8192.0, -9000.0, np.nan, np.inf):
        with pytest.raises(ValueError, match='longer than the grid can hold'):
            quarter_pixels(np.array([1.0, bad]))


def test_without_the_contributed_modules_the_remedy_is_printed(monkeypatch):
    require_optflow()
    monkeypatch.delattr(cv2, 'optflow')
    with pytest.raises(ImportError, match=r'pip install --force-reinstall --no-deps opencv-contrib-python==\d'):
        require_optflow()


def test_every_picture_comes_once_and_in_order(write, monkeypatch):
    """Over group borders, with a stand-in for TV-L1 that says how much brighter the frame is."""

    class Brightening:
        def calc(self, frame, before, _):
            return np.repeat((before.astype(np.float32) - frame)[..., None], 2, axis=-1)

    monkeypatch.setattr(cv2.optflow, 'DualTVL1OpticalFlow_create', Brightening)
    grey = np.arange(26, dtype=np.uint8) ** 2 // 4 + 20
    with CompressedVideo(write(np.broadcast_to(grey[:, None, None, None], (26, 16, 16, 3)))) as video:
        pictures = video.read(rgb=range(26)).rgb
        flow = list(tvl1_flow(video))
    levels = pictures[:, 0, 0, 0].astype(int)
    assert [int(frame[0, 0, 0]) for frame in flow] == [0, *(4 * np.diff(levels)).tolist()]
