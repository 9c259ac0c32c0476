"""Scores fuse by weights, video by video, and only those of the same videos."""

import runpy
import sys

import numpy as np
import pytest

from cmvl_mm.evaluation.features import Features, FeaturesError, save_features
from cmvl_mm.evaluation.fusion import fuse, read_scored

SCORES = {
    'iframe': [[1.0, 0.0, 0.6], [0.2, 0.5, 0.1]],
    'motion': [[0.0, 0.3, 0.9], [0.9, 0.1, 0.0]],
    'residual': [[0.0, 0.2, 0.3], [0.1, 0.0, 0.8]],
}
LABELS = [2, 1]


def dump(path, scores, order=(0, 1), labels=LABELS, names=('a.mp4', 'b.mp4')):
    rows = list(order)
    save_features(
        Features(
            features=np.zeros((2, 4), np.float32),
            labels=np.array(labels)[rows],
            is_query=np.zeros(2, bool),
            paths=np.array(names)[rows],
            scores=None if scores is None else np.array(scores, np.float32)[rows],
        ),
        path,
    )
    return path


@pytest.fixture
def files(tmp_path):
    orders = dict(iframe=(0, 1), motion=(1, 0), residual=(0, 1))  # the lists need not be in one order
    return [dump(tmp_path / f'{name}.npz', SCORES[name], orders[name]) for name in SCORES]


def test_two_to_one_to_one_gives_the_known_classes(files):
    networks = [read_scored(path) for path in files]
    fused = fuse(networks, (2, 1, 1))
    # 2, 0.5, 2.4 and 1.4, 1.1, 1.0
    np.testing.assert_allclose(fused.scores, [[2.0, 0.5, 2.4], [1.4, 1.1, 1.0]], rtol=1e-6)
    assert fused.scores.argmax(1).tolist() == [2, 0]
    assert fused.correct.tolist() == [True, False]
    assert fuse(networks, (8, 1, 1)).scores.argmax(1).tolist() == [0, 1]


def test_the_tool_prints_each_network_and_the_fused_top_1_with_its_interval(files, repository, monkeypatch, capsys):
    tool = runpy.run_path(str(repository / 'tools/fuse_scores.py'))['main']
    monkeypatch.setattr(sys, 'argv', ['fuse_scores.py', *map(str, files), '--weights', '2', '1', '1'])
    tool()
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[1] for row in rows[2:-1]] == ['50.0', '50.0', '50.0']
    assert rows[-1] == ['fused', '2', ':', '1', ':', '1', '50.0', '9.5', 'to', '90.5', '2']
    monkeypatch.setattr(sys, 'argv', ['fuse_scores.py', *map(str, files), '--weights', '2', '1'])
    with pytest.raises(SystemExit):
        tool()
    assert '2 weights for 3 networks' in capsys.readouterr().err


def test_scores_that_do_not_belong_together_are_refused(files, tmp_path):
    networks = [read_scored(path) for path in files]
    other = read_scored(dump(tmp_path / 'other.npz', SCORES['motion'], names=('a.mp4', 'c.mp4')))
    with pytest.raises(ValueError, match='that are not the same'):
        fuse([networks[0], other], (1, 1))
    with pytest.raises(ValueError, match='labels or a number of classes'):
        fuse([networks[0], read_scored(dump(tmp_path / 'labels.npz', SCORES['motion'], labels=[0, 1]))], (1, 1))
    for weights in ((-1, 1, 1), (0, 0, 0), (float('nan'), 1, 1)):
        with pytest.raises(ValueError, match='one above 0'):
            fuse(networks, weights)
    with pytest.raises(FeaturesError, match='no scores'):
        read_scored(dump(tmp_path / 'bare.npz', None))
    with pytest.raises(FeaturesError, match=r'a\.mp4 appears twice'):
        read_scored(dump(tmp_path / 'twice.npz', SCORES['motion'], names=('a.mp4', 'a.mp4')))
    with pytest.raises(FeaturesError, match='not finite'):
        read_scored(dump(tmp_path / 'nan.npz', [[np.nan, 0, 0], [0, 0, 0]]))
    with pytest.raises(FeaturesError, match=r'b\.mp4 has no label'):
        read_scored(dump(tmp_path / 'unlabelled.npz', SCORES['motion'], labels=[0, -1]))
