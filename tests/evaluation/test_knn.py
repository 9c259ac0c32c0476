"""Weighted votes on a circle that a person can check."""

import numpy as np
import pytest

from cmvl_mm.evaluation.knn import knn_predict


def at(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1) * 5  # length must not matter


def test_the_nearest_decide_at_low_temperature_and_the_many_at_high():
    # from 0 degrees: class 1 at 10, class 0 at 20 and -25 (and far away at 180)
    gallery, labels = at(10, 20, -25, 180), np.array([1, 0, 0, 0])
    assert knn_predict(at(0), gallery, labels, k=3, temperature=0.01).tolist() == [1]
    assert knn_predict(at(0), gallery, labels, k=3, temperature=10.0).tolist() == [0]
    assert knn_predict(at(0), gallery, labels, k=1, temperature=10.0).tolist() == [1]
    # where the two sides weigh the same: exp(cos 10 / t) = exp(cos 20 / t) + exp(cos 25 / t)
    weigh = lambda t: np.exp(np.cos(np.deg2rad([10, 20, 25])) / t) @ [1, -1, -1]  # noqa: E731
    for temperature in (0.07, 0.09, 0.11, 0.13):
        expected = 1 if weigh(temperature) > 0 else 0
        assert knn_predict(at(0), gallery, labels, k=3, temperature=temperature).tolist() == [expected]
    assert weigh(0.07) * weigh(0.13) < 0


def test_videos_beyond_k_have_no_vote_and_ties_go_to_the_lower_label():
    gallery, labels = at(5, 60, 61, 62, 63), np.array([2, 1, 1, 1, 1])
    assert knn_predict(at(0), gallery, labels, k=2, temperature=10.0).tolist() == [2]  # one vote each, the nearer wins
    assert knn_predict(at(0), gallery, labels, k=3, temperature=10.0).tolist() == [1]
    assert knn_predict(at(0), gallery, labels, k=50, temperature=10.0).tolist() == [1]
    gallery, labels = at(0, 0, 90), np.array([7, 3, 0])
    assert knn_predict(at(0), gallery, labels, k=2, temperature=0.07).tolist() == [3]
    assert knn_predict(at(0), gallery, labels, k=3, temperature=1e-6).tolist() == [3]


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='k=0'):
        knn_predict(at(0), at(0), np.array([0]), k=0, temperature=0.07)
    with pytest.raises(ValueError, match='temperature=0'):
        knn_predict(at(0), at(0), np.array([0]), k=1, temperature=0.0)
