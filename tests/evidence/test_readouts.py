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
    assert set(found) == {f'{name} {kind}' for name in ('R@1', 'R@5', 'kNN', 'probe')
                          for kind in ('context', 'motion', 'joint')}  # fmt: skip
