"""Colours of residuals, displacements and cells: where they are strong, of which kind, and where there are none."""

import numpy as np
import pytest

from cmvl_mm.visualization.heat import draw_accumulated, draw_cells, draw_residual

GREY = np.full((40, 48, 3), 100, np.uint8)


def saturation(picture):
    return np.ptp(picture.astype(int), axis=-1)


@pytest.mark.parametrize('scale', [1, 2])
def test_a_residual_is_orange_above_and_blue_below_and_hatched_where_there_is_none(scale):
    residual = np.zeros((40, 48), np.int16)
    residual[:16, :16], residual[:16, 16:32], residual[32:, 32:] = 60, -60, 200
    predicted = np.ones((3, 3), bool)
    predicted[2, 2] = False
    found = draw_residual(GREY, residual, predicted, 16, scale)
    assert found.shape == (40 * scale, 48 * scale, 3)
    red, _, blue = found[8 * scale, 8 * scale].astype(int)
    assert red > blue + 100
    red, _, blue = found[8 * scale, 24 * scale].astype(int)
    assert blue > red + 100
    rest = found[16 * scale :]
    assert not saturation(rest).any()
    assert len(np.unique(found[32 * scale :, 32 * scale :])) == 2 > len(np.unique(found[16 * scale : 32 * scale]))


def test_displacements_have_the_colours_of_arrows():
    vectors = np.zeros((40, 48, 2), np.int16)
    vectors[:20, :24], vectors[:20, 24:], vectors[20:, :24] = (20, 0), (-20, 0), (3, 0)
    valid = np.ones((40, 48), bool)
    valid[20:, 24:] = False
    found = draw_accumulated(GREY, vectors, valid, 1)
    np.testing.assert_array_equal(found[5, 5], (255, 0, 0))  # right is red
    np.testing.assert_array_equal(found[5, 40], (0, 255, 255))
    assert 0 < saturation(found[30, 5]) < 100
    assert not saturation(found[20:, 24:]).any()


def test_cells_go_from_blue_to_yellow_and_a_rest_is_hatched():
    values, valid = np.array([[0, 51, 25]]), np.array([[True, True, False]])
    found = draw_cells(GREY, values, valid, 51, 14, 1)
    low, high = found[7, 7].astype(int), found[7, 20].astype(int)
    assert low[2] > low[0] + 50
    assert high[0] > high[2] + 50
    between = draw_cells(GREY, np.linspace(0, 51, 8)[None], np.ones((1, 8), bool), 51, 6, 1)
    assert saturation(between[3, 3::6]).min() > 50  # never grey, as the picture below is
    for rest in (found[14:], found[:, 28:]):
        assert not saturation(rest).any()
        assert len(np.unique(rest)) == 2
