"""Features whose two factors have known shares."""

import numpy as np
import pytest
from feature_study import probe_of_pair, variance_between

from cmvl_mm.evaluation.features import Features


def crossed(weight: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors of four contexts x two motions; the motions' part has `weight` of the contexts' length."""
    contexts, motions = np.repeat(np.arange(4), 20), np.tile(np.arange(2), 40)
    features = np.concatenate([np.eye(4)[contexts], weight * (2 * motions - 1)[:, None]], 1).astype(np.float32)
    return features, contexts, motions


def test_shares_of_variance_are_those_of_the_construction():
    """Four unit axes have 1 - 1/4 of variance in all, the motions weight squared; nothing else is there."""
    features, contexts, motions = crossed(0.5)
    of_motion = variance_between(features, motions)
    assert of_motion == pytest.approx(100 * 0.25 / (0.75 + 0.25), rel=1e-5)
    assert variance_between(features, contexts) == pytest.approx(100 - of_motion, rel=1e-5)


def test_a_drowned_motion_is_found_by_the_probe_and_a_missing_one_is_not():
    rng = np.random.default_rng(0)
    features, _, motions = crossed(0.3)
    query = np.arange(80) % 4 >= 2
    paths = np.array([f'{number}.mp4' for number in range(80)])
    drowned = Features(features, motions, query, paths)
    assert variance_between(features, motions) < 11
    assert probe_of_pair(drowned, motions, (0, 1)) == 100
    features[query, 4] *= -1  # as far from what the gallery teaches as can be
    assert probe_of_pair(Features(features, motions, query, paths), motions, (0, 1)) == 0
    features[:, 4] = 0.3 * rng.choice([-1, 1], 80)
    assert probe_of_pair(Features(features, motions, query, paths), motions, (0, 1)) < 75
