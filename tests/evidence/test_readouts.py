"""Figures of hand-made features, whose two factors have known shares."""

import numpy as np
import pytest
import readouts
from feature_study import probe_of_pair, variance_between
from real_video import by_person, wilson
from rows import BY_NAME

from cmvl_mm.evaluation.features import Features, save_features


def test_every_kind_is_read_from_its_own_lists(tmp_path, monkeypatch):
    """Features that say the context exactly, and of the motion nothing."""
    rng = np.random.default_rng(0)
    contexts, motions = np.repeat(np.arange(4), 24), np.tile(np.arange(4), 24)
    query = np.arange(96) % 6 >= 4
    paths = np.array([f'videos/{number}.mp4' for number in range(96)])
    monkeypatch.setattr(readouts, 'annotations', lambda level, split, kind: tmp_path / f'{split}_{kind}.txt')
    for kind, labels in (('context', contexts), ('motion', motions), ('joint', contexts * 4 + motions)):
        for split, chosen in (('train', ~query), ('test', query)):
            lines = [f'{path} {label}\n' for path, label in zip(paths[chosen], labels[chosen], strict=True)]
            (tmp_path / f'{split}_{kind}.txt').write_text(''.join(lines))
    features = np.eye(4, dtype=np.float32)[contexts] + 0.01 * rng.standard_normal((96, 4)).astype(np.float32)
    save_features(Features(features, np.zeros(96, np.int64), query, paths), tmp_path / 'f.npz')
    found = readouts.figures(tmp_path / 'f.npz', BY_NAME['both'], 'test')
    assert found['R@1 context'] == found['kNN context'] == found['probe context'] == 100
    assert found['R@1 motion'] < 60
    assert found['R@5 motion'] > found['R@1 motion']
    assert 25 < found['R@1 mirrored'] < 75
    assert set(found) - {'R@1 mirrored'} == {f'{name} {kind}' for name in ('R@1', 'R@5', 'kNN', 'probe')
                          for kind in ('context', 'motion', 'joint')}  # fmt: skip


def test_pairs_see_each_other_alone():
    """Pair (0, 1) is told apart, pair (2, 3) is not, and what lies nearest of all has another label."""
    labels = np.array([0, 1, 2, 3, 4, 0, 1, 2, 3])
    query = np.array([False] * 5 + [True] * 4)
    angle = np.deg2rad([0, 40, 80, 100, 10, 15, 30, 98, 82])
    features = np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)
    found = Features(features, labels, query, np.array([f'{n}.mp4' for n in range(9)]))
    assert readouts.of_pairs(found, labels, ((0, 1),)) == 100
    assert readouts.of_pairs(found, labels, ((2, 3),)) == 0
    assert readouts.of_pairs(found, labels, ((0, 1), (2, 3))) == 50


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


def test_nobody_is_searched_by_himself():
    """Features that tell the person and nothing else: within a person all is found, between persons nothing."""
    persons, labels = np.repeat(np.arange(4), 6), np.tile([0, 1], 12)
    features = np.eye(4, dtype=np.float32)[persons] * 10
    features[:, 0] += labels * (persons == 0)  # person 0's clips do tell fall from adl, to himself
    paths = np.array([f'Subject{who}_{number}.mp4' for number, who in enumerate(persons)])
    found = Features(features, labels, np.ones(24, bool), paths)
    assert by_person(found)['R@1'] == pytest.approx(50, abs=1)
    telling = Features(features + 100 * np.eye(4, dtype=np.float32)[labels], labels, np.ones(24, bool), paths)
    assert by_person(telling) == {'R@1': 100, 'kNN': 100, 'probe': 100}


def test_wilsons_interval():
    """10 of 23, by the formula's published example values: symmetric in p, inside 0 ... 100, never of no width."""
    low, high = wilson(100 * 10 / 23, 23)
    assert (low, high) == pytest.approx((25.64, 63.19), abs=0.05)
    assert wilson(100, 23)[1] == pytest.approx(100)
    assert wilson(100, 23)[0] == pytest.approx(100 - wilson(0, 23)[1]) == pytest.approx(85.69, abs=0.05)
