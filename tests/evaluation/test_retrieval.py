"""R@k on tables that a person can check, and the metric's bookkeeping."""

import resource
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from cmvl_mm.evaluation.features import (
    Features,
    FeaturesError,
    collect,
    labelled_sets,
    load_features,
    pack_result,
)
from cmvl_mm.evaluation.flags import as_flags
from cmvl_mm.evaluation.metrics import FeatureDump, VideoRetrievalRecall
from cmvl_mm.evaluation.retrieval import recall_at
from cmvl_mm.evaluation.search import nearest

# Gallery on the unit circle at 0, 30, 60, 90 degrees; classes 0 0 1 1.
ANGLES = np.deg2rad([0, 30, 60, 90])
GALLERY = np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1)
GALLERY_LABELS = np.array([0, 0, 1, 1])


def at(*degrees: float) -> np.ndarray:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1) * 7  # length must not matter


def test_hand_made_table():
    # nearest first: 5° -> 0 30 60 90; 50° -> 60 30 90 0; 40° -> 30 60 0 90
    query, labels = at(5, 50, 40), np.array([1, 0, 1])
    for k in (4, 50):  # which may exceed the gallery
        assert nearest(query, GALLERY, k).rows.tolist() == [[0, 1, 2, 3], [2, 1, 3, 0], [1, 2, 0, 3]]
    recalls = recall_at(query, labels, GALLERY, GALLERY_LABELS, (1, 2, 3))
    assert recalls == {1: 0.0, 2: pytest.approx(200 / 3), 3: 100.0}


@pytest.fixture
def predictions(prediction):
    gallery = [prediction(GALLERY[i], int(GALLERY_LABELS[i]), False, i) for i in range(4)]
    return gallery + [prediction(vector, 0, True, i) for i, vector in enumerate(at(5, 50))]


def test_metric_drops_the_duplicates_that_pad_a_distributed_test(predictions):
    metric = VideoRetrievalRecall(ks=(1, 2))
    # two processes test in turns, and the second wraps round to query 0, which is a hit
    metric.process({}, [*predictions, predictions[4], predictions[4]])
    found = metric.evaluate(size=100)
    assert found == {
        'retrieval_paper/R@1': 50.0,
        'retrieval_paper/R@2': 100.0,
        'retrieval_paper/queries': 2,
        'retrieval_paper/gallery': 4,
    }


def test_metric_refuses_videos_without_label(predictions):
    del predictions[1]['gt_label']
    metric = VideoRetrievalRecall()
    metric.process({}, predictions)
    with pytest.raises(ValueError, match='1: this video has no label'):
        metric.evaluate(size=6)


def test_dumped_features_come_back_gallery_before_queries(predictions, tmp_path):
    metric = FeatureDump(path=str(tmp_path / 'new' / 'f.npz'))
    metric.process({}, predictions[::-1])
    metric.evaluate(size=6)
    dumped = load_features(tmp_path / 'new' / 'f.npz')
    assert dumped.features.dtype == np.float32
    assert dumped.labels.tolist() == [0, 0, 1, 1, 0, 0]
    assert dumped.is_query.tolist() == [False] * 4 + [True] * 2
    assert dumped.paths.tolist() == ['0', '1', '2', '3', '0', '1']
    assert np.allclose(dumped.features[:4], GALLERY)
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['f.npz']


@pytest.mark.parametrize('where', ['a folder', 'below a file'])
def test_a_place_that_takes_no_features_is_refused_before_the_test(tmp_path, where):
    (tmp_path / 'file').touch()
    path = tmp_path if where == 'a folder' else tmp_path / 'file' / 'f.npz'
    with pytest.raises(FeaturesError, match=rf'{path}: features cannot be written here.*Remedy'):
        FeatureDump(path=str(path))
    assert [path.name for path in tmp_path.iterdir()] == ['file']


def test_too_little_space_is_refused_with_the_first_batch(predictions, tmp_path, small_files):
    metric = FeatureDump(path=str(tmp_path / 'f.npz'))
    metric.expect(1_000_000)
    with small_files(), pytest.raises(FeaturesError, match=r'f\.npz: .*File too large\. 21\.. MB .*Remedy: free space'):
        metric.process({}, predictions[:1])
    assert list(tmp_path.iterdir()) == []


def test_space_that_ends_during_a_test_costs_the_features_alone(predictions, tmp_path, small_files, monkeypatch):
    told = []  # what captures the log's screen in a file has no space either
    monkeypatch.setattr('cmvl_mm.evaluation.metrics.print_log', lambda message, **_: told.append(message))
    metric = FeatureDump(path=str(tmp_path / 'f.npz'))
    predictions = [row | dict(feature=row['feature'].repeat(1000)) for row in predictions]
    metric.process({}, predictions)
    with small_files():
        assert metric.evaluate(size=6) == {'features/videos': 0}
    assert isinstance(metric.failure, FeaturesError)
    assert told == [str(metric.failure)]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_files():
    """While it is entered, no file of this process grows past 5 kB."""

    @contextmanager
    def limited():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.mark.parametrize('spell', [bool, int, np.int64, np.uint8, np.bool_, torch.tensor], ids=lambda s: s.__name__)
def test_flags_that_are_0_and_1_are_flags(prediction, spell):
    found = collect(
        [pack_result(prediction([float(index), 1.0], index, spell(index == 2), index)) for index in range(4)]
    )
    assert found.is_query.dtype == bool
    for flags in (found.is_query, found.is_query.astype(np.int64)):
        sets = labelled_sets(Features(found.features, found.labels, flags, found.paths))
        assert (sets.query_labels.tolist(), sets.gallery_labels.tolist()) == ([2], [0, 1, 3])
        assert (sets.query[:, 0].tolist(), sets.gallery[:, 0].tolist()) == ([2], [0, 1, 3])


@pytest.mark.parametrize('flags', [[0, 2], [-1, 0], [0.0, 1.0], ['False', 'True'], [None, True]])
def test_flags_that_are_neither_are_refused(prediction, flags):
    with pytest.raises(ValueError, match='is_query must be True and False'):
        as_flags(np.array(flags))
    with pytest.raises(ValueError, match='is_query must be True and False'):
        pack_result(prediction([0.0, 1.0], 0, 2, 0))
