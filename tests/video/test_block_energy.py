"""Energy of a block is the mean of what the stream added to it; what was not predicted has none."""

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, block_energy, read_residuals
from cmvl_mm.video.encode import write_video

SQUARE = (slice(32, 64), slice(48, 96))  # rows and columns of 16 px: blocks 2 and 3, blocks 3 to 5


@pytest.fixture(scope='module')
def changing(tmp_path_factory):
    """A still textured scene of 116x84, 14 frames, with one square whose texture is another one in each frame."""
    rng = np.random.default_rng(0)
    still = make_pan(displacement=(0, 0), num_frames=1, height=84, width=116).frames[0].astype(np.int16)
    frames = np.repeat(np.clip(still, 30, 225)[None], 14, axis=0)
    frames[:, *SQUARE] += rng.integers(-25, 26, (14, 32, 48, 1), np.int16)
    path = tmp_path_factory.mktemp('changing') / 'changing.mp4'
    write_video(frames.astype(np.uint8), path, quantiser=2)
    return path


@pytest.fixture(scope='module')
def found(changing):
    with CompressedVideo(changing) as video:
        return block_energy(read_residuals(video, range(14)))


def test_energy_lies_in_the_blocks_that_change_and_a_still_texture_has_none(found):
    expected = np.zeros((6, 8), np.bool_)
    expected[2:4, 3:6] = True
    for number in (*range(1, 12), 13):
        assert found.valid[number].all()
        np.testing.assert_array_equal(found.energy[number] > 0, expected)
    # luma of a texture is 11 levels from its mean, 15 from another texture; a vector may blur what it predicts from
    assert 9 < found.energy[1:12, expected].mean() < 15


def test_what_is_not_predicted_is_invalid(found):
    assert not found.valid[[0, 12]].any()  # I-frames
    assert not found.energy[[0, 12]].any()


@pytest.mark.parametrize('bits', [8, 16])
def test_energy_is_the_mean_of_a_naive_loop(changing, bits):
    """84 lines are five blocks and a quarter, 116 columns seven and a quarter."""
    with CompressedVideo(changing) as video:
        residual = read_residuals(video, [3, 7], bits=bits)
    residual.y[0, 80:] = -128
    residual.motion.valid[1, 2, 3] = False
    energy, valid = block_energy(residual)
    assert energy.dtype == np.float32
    for number, row, column in np.ndindex(2, 6, 8):
        cell = residual.y[number, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16].astype(float)
        expected = np.abs(cell).mean() if (number, row, column) != (1, 2, 3) else 0
        assert energy[number, row, column] == pytest.approx(expected)
    assert (energy[0, 5] == 128).all()
    assert np.count_nonzero(~valid) == 1
