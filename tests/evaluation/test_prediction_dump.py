"""The file of predictions: tried before the test, and after it no loss of the figures."""

import pickle
from types import SimpleNamespace

import pytest
from mmengine.evaluator import Evaluator
from mmengine.runner import Runner

from cmvl_mm.checkpoints.durable import CheckpointWriteError
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.evaluation import prediction_dump
from cmvl_mm.evaluation.prediction_dump import PredictionDump, PredictionsError


def filled(path) -> PredictionDump:
    metric = PredictionDump(str(path))
    for number in range(3):
        metric.process({}, [dict(pred_label=number)])
    return metric


def test_predictions_come_back(tmp_path):
    path = tmp_path / 'new' / 'p.pkl'
    assert filled(path).evaluate(size=3) == {}
    assert pickle.loads(path.read_bytes()) == [dict(pred_label=number) for number in range(3)]
    assert [path.name for path in path.parent.iterdir()] == ['p.pkl']


def test_a_place_that_takes_none_is_refused_before_the_test(tmp_path):
    (tmp_path / 'file').touch()
    (tmp_path / 'folder.pkl').mkdir()
    with pytest.raises(CheckpointWriteError, match='nothing can be written here'):
        PredictionDump(str(tmp_path / 'file' / 'p.pkl'))
    with pytest.raises(PredictionsError, match='this is a folder'):
        PredictionDump(str(tmp_path / 'folder.pkl'))
    with pytest.raises(ValueError, match='pkl'):
        PredictionDump(str(tmp_path / 'p.json'))


def test_a_file_that_fails_after_the_test_costs_no_figure(tmp_path, monkeypatch):
    """The runner raises once the figures are there; what was at the path stays."""
    path = tmp_path / 'p.pkl'
    path.write_bytes(b'older')
    metric = filled(path)

    def full(results, temporary, file_format):
        temporary.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(prediction_dump, 'dump', full)
    figures = []
    monkeypatch.setattr(Runner, 'test', lambda self: figures.append(metric.evaluate(size=3)))
    runner = CompressedRunner.__new__(CompressedRunner)
    runner._resume = False
    runner._test_loop = SimpleNamespace(evaluator=Evaluator([metric]))
    monkeypatch.setattr(CompressedRunner, 'test_loop', runner._test_loop)
    with pytest.raises(PredictionsError, match=r'p\.pkl: .*No space left on device\. Remedy: free space'):
        runner.test()
    assert figures == [{}]
    assert path.read_bytes() == b'older'
    assert list(tmp_path.iterdir()) == [path]
