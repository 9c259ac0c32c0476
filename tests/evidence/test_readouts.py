"""Figures of hand-made features."""

import numpy as np
import readouts
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
