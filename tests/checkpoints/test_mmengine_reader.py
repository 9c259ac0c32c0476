"""MMEngine's loader reads what a Runner has written, and everything else as before."""

import pickle
from collections import Counter

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader, load_from_local

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.mmengine_reader import load_from_disk, mend_checkpoint_reader

WEIGHTS = dict(weight=torch.arange(6.0).view(2, 3))


@pytest.fixture
def of_a_runner(tmp_path):
    """What MMEngine's Runner saves beside the weights."""
    history = HistoryBuffer(np.array([2.0, 1.0]), np.array([1, 1]))
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=WEIGHTS, message_hub=dict(log_scalars=dict(loss=history))), path)
    return path


@pytest.fixture
def as_registered(monkeypatch):
    """The loaders of a process that has imported the registration and called no tool of ours."""
    schemes = dict(CheckpointLoader._schemes) | {'': load_from_local}
    monkeypatch.setattr(CheckpointLoader, '_schemes', schemes)
    mend_checkpoint_reader()


def test_mmengine_still_cannot_read_what_its_runner_writes(of_a_runner):
    with pytest.raises(pickle.UnpicklingError, match='HistoryBuffer'):
        load_from_local(str(of_a_runner), 'cpu')


def test_a_runners_checkpoint_is_read(of_a_runner, as_registered):
    checkpoint = CheckpointLoader.load_checkpoint(str(of_a_runner), 'cpu')
    assert torch.equal(checkpoint['state_dict']['weight'], WEIGHTS['weight'])
    assert checkpoint['message_hub']['log_scalars']['loss'].mean() == 1.5


def test_a_file_that_mmengine_reads_is_read_by_mmengine(tmp_path):
    torch.save(WEIGHTS, tmp_path / 'bare.pth')
    assert load_from_disk(str(tmp_path / 'bare.pth'), 'cpu').keys() == {'weight'}


def test_other_objects_are_refused_as_before(tmp_path):
    torch.save(dict(state_dict=WEIGHTS, meta=Counter(a=1).items), tmp_path / 'other.pth')
    with pytest.raises(pickle.UnpicklingError, match='Weights only load failed') as refused:
        load_from_disk(str(tmp_path / 'other.pth'), 'cpu')
    assert 'files that need code to load are refused' in refused.value.__notes__[0]


def test_another_loader_of_local_files_is_left_in_place(monkeypatch):
    def own(filename, map_location=None):
        return {}

    monkeypatch.setattr(CheckpointLoader, '_schemes', {'': own})
    mend_checkpoint_reader()
    assert CheckpointLoader._schemes == {'': own}
