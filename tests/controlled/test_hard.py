"""Level 'hard': camera and objects move as the truth says, and objects tell nothing of the context."""

import numpy as np
import pytest

from cmvl_mm.controlled import hard
from cmvl_mm.controlled.hard import CONTEXTS, MOTIONS, make_hard_video


@pytest.fixture
def truth_of(monkeypatch):
    """Motion, seed -> the truth; nothing is painted."""
    monkeypatch.setattr(hard, 'paint', lambda *_: None)
    return lambda motion, seed=0: make_hard_video((4, seed), 'stripes', motion)[1]


def of_the_objects(truth):
    """(T - 1, n, 2): displacements without the camera's, px; rough, since the zoom's part is left in."""
    return truth.displacement[1:] - truth.background[1:, None]


def test_the_camera_moves_in_every_video_more_than_basics(truth_of):
    for seed, motion in enumerate(MOTIONS):
        truth = truth_of(motion, seed)
        assert np.abs(truth.background).max() > 0.95  # basic: 0.5 at most, and 0 in most videos
        assert np.abs(truth.background).max() < 2.6
        assert np.linalg.norm(truth.background[1:], axis=-1).mean() > 0.5
        assert truth.zoom.max() > 1 > truth.zoom.min()
        assert np.abs(truth.diameters[1:] / truth.diameters[:-1] - truth.zoom[1:, None]).max() < 1e-5


def test_programmes(truth_of):
    for motion, signs in {'right': (1, 0), 'left': (-1, 0), 'falling': (1, 1), 'rising': (1, -1)}.items():
        mean = of_the_objects(truth_of(motion)).mean(axis=(0, 1))
        np.testing.assert_array_equal(np.sign(np.round(mean / 1.2)), signs)
    surge = of_the_objects(truth_of('surge'))[..., 0]
    assert surge.mean() > 1.5
    assert surge.std() > 0.4 * surge.mean()
    down = of_the_objects(truth_of('stopgo'))[..., 1]
    assert 0.3 < (np.abs(down) < 1).mean() < 0.7
    assert down.max() > 3
    for motion, sign in (('cw', 1), ('ccw', -1), ('spiral', 1)):
        arm = of_the_objects(truth_of(motion))
        turn = arm[:-1, :, 0] * arm[1:, :, 1] - arm[:-1, :, 1] * arm[1:, :, 0]
        assert (sign * turn > 0).mean() > 0.85
    eight = of_the_objects(truth_of('eight'))
    turn = eight[:-1, :, 0] * eight[1:, :, 1] - eight[:-1, :, 1] * eight[1:, :, 0]
    assert 0.4 < (turn > 0).mean() < 0.6
    bounce = of_the_objects(truth_of('bounce'))[..., 1]
    assert (np.diff(bounce, axis=0) < -3).sum() >= 3  # off the floor
    assert np.diff(bounce, axis=0).max() < 1  # and nowhere else so abruptly
    swap = np.abs(of_the_objects(truth_of('swap')))
    assert (swap.min(axis=-1) < 0.5).mean() > 0.9  # along one axis at a time
    assert (swap[..., 0] > 1).any()
    assert (swap[..., 1] > 1).any()


def test_objects_differ_in_phase_number_and_size(truth_of):
    truths = [truth_of('cw', seed) for seed in range(12)]
    assert {truth.centres.shape[1] for truth in truths} == {3, 4, 5}
    assert max(truth.diameters.max() for truth in truths) > 1.5 * min(truth.diameters.min() for truth in truths)
    arms = of_the_objects(truths[0])
    assert np.abs(arms[:, 0] - arms[:, 1]).mean() > 0.5


def test_nothing_but_the_background_depends_on_the_context():
    made = {context: make_hard_video((2, 5), context, 'right') for context in ('stripes', 'cells', 'bubbles')}
    y, x = np.mgrid[:112, :128]
    frames, truth = made['stripes']
    top = truth.centres[:, -1]  # the object painted last
    inside = np.hypot(x - top[..., 0, None, None], y - top[..., 1, None, None]) < truth.diameters[0, -1] / 2 - 3
    assert inside.sum() > 10_000
    for other, its_truth in (made['cells'], made['bubbles']):
        np.testing.assert_array_equal(its_truth.centres, truth.centres)
        np.testing.assert_array_equal(its_truth.background, truth.background)
        np.testing.assert_array_equal(other[inside], frames[inside])
        assert (other != frames).mean() > 0.5


def test_vectors_follow_the_truth_inside_objects_and_in_the_background(follow):
    cells = [(CONTEXTS[n % 12], MOTIONS[5 * n % 12]) for n in range(18)]
    measured = follow(make_hard_video, cells)
    for part in ('inside', 'outside'):
        found, true = measured.pairs(part)
        assert measured.correlation(part) >= 0.98
        assert (np.linalg.norm(found - true, axis=-1) < 0.75).mean() > 0.97
    assert (measured.pairs('outside')[0] == 0).all(axis=-1).mean() < 0.1
