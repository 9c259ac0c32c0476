"""The controlled benchmark's level 'basic': contexts stand out from discs, and motions follow their programmes."""

import numpy as np
import pytest

from cmvl_mm.controlled.basic import CONTEXTS, MOTIONS, make_controlled_video


@pytest.mark.parametrize('context', CONTEXTS)
def test_every_context_has_contrast_and_dark_ground(context):
    """Discs must stand out: bright and neutral on a texture of saturated, darker colours."""
    frames, truth = make_controlled_video((5, 1), context, 'right')
    frame = frames[0].astype(float)
    y, x = np.mgrid[:112, :128]
    inside = np.zeros((112, 128), bool)
    for centre_x, centre_y in truth.centres[0]:
        inside |= np.hypot(x - centre_x, y - centre_y) < 12
    outside = ~inside & (np.abs(frame.max(-1) - 255) > 70)
    assert frame[outside].std() > 15
    if inside.any():
        assert frame[inside].mean() > frame[outside].mean() + 60


def test_every_motion_follows_its_programme():
    truths = {motion: make_controlled_video((9, 0), 'grid', motion)[1] for motion in MOTIONS}
    moved = {motion: truth.displacement[1:] for motion, truth in truths.items()}
    for motion, axis, sign in (('right', 0, 1), ('left', 0, -1)):
        assert (sign * moved[motion][..., axis] > 1.9).all()
        assert (sign * moved[motion][..., axis] < 3.5).all()
        assert not moved[motion][..., 1 - axis].any()
    for motion, sign in (('cw', 1), ('ccw', -1)):
        displacement = moved[motion][:, 0].astype(float)
        turn = displacement[:-1, 0] * displacement[1:, 1] - displacement[:-1, 1] * displacement[1:, 0]
        assert (sign * turn > 0).all()  # y points down: a positive turn is clockwise
    for motion, axis in (('osc_x', 0), ('osc_y', 1)):
        assert moved[motion][..., axis].min() < -1
        assert moved[motion][..., axis].max() > 1
        assert not moved[motion][..., 1 - axis].any()
    assert 0.3 < (moved['stopgo'][..., 1] == 0).mean() < 0.7
    assert moved['stopgo'][..., 1].max() > 3
    assert not moved['stopgo'][..., 0].any()
    assert not moved['zoom'].any()
    assert truths['zoom'].diameters.min() < 25
    assert truths['zoom'].diameters.max() > 50
    for displacement in moved.values():  # a flock moves as one
        np.testing.assert_allclose(displacement[:, 0], displacement[:, 1], atol=1e-3)


def test_the_pictures_are_those_of_the_printed_results():
    """Names and results that were published before belong to these places, speeds and colours."""
    frames, truth = make_controlled_video((0, 1, 0, 0, 1), 'stripes', 'right')
    np.testing.assert_allclose(truth.centres[5, 1], [72.47256, 95.12874], atol=1e-3)
    np.testing.assert_allclose(truth.background[3], [-0.15887766, 0.41700315], atol=1e-5)
    assert frames.mean() == pytest.approx(66.184, abs=0.01)


def test_vectors_inside_the_discs_are_the_true_motion_and_most_of_the_background_is_still(follow):
    cells = [(CONTEXTS[(n + n // 8) % 8], MOTIONS[n % 8]) for n in range(24)]
    measured = follow(make_controlled_video, cells)
    for motion in set(MOTIONS) - {'zoom'}:
        assert measured.correlation('inside', motion) >= 0.98
    assert measured.correlation('inside', 'zoom') >= 0.85  # half a pixel is much of what moves there
    found, true = measured.pairs('inside')
    assert (np.linalg.norm(found - true, axis=-1) < 0.75).mean() > 0.98
    found, true = measured.pairs('outside')
    assert (found == 0).all(axis=-1).mean() >= 0.9
    assert (np.linalg.norm(found - true, axis=-1) < 0.75).mean() > 0.99
