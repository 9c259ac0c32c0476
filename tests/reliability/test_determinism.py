"""The light version, and that hashes would show a difference of one bit."""

import determinism
import pytest
import soak
import torch


@pytest.mark.slow
def test_light_version():
    broken = [finding for finding in determinism.findings('light') if not finding.held]
    assert not broken


def test_what_differs_is_seen(tmp_path):
    amount = determinism.Amount(videos=4, epochs=2, workers=(0,), ranks=(), training_epochs=1)
    videos = soak.make_videos(tmp_path / 'videos', count=4)
    dataset = determinism.build(tmp_path / 'list', videos, amount)
    run = determinism.hash_epochs(dataset, 2, 0)
    assert len({*run[0], *run[1]}) == 8
    assert determinism.samples_repeat(run, run, amount).held
    assert not determinism.samples_repeat(run, run[::-1], amount).held
    assert not determinism.workers_change_nothing({0: run, 2: run[::-1]}, amount).held
    assert not determinism.epochs_differ([run[0], run[0]], amount).held
    frozen = determinism.build(tmp_path / 'frozen', videos, amount)
    frozen.stages = dataset.stages | {'colour': lambda sample: sample | {'imgs': sample['imgs'] * 0}}
    assert determinism.hash_epochs(frozen, 2, 0) != run


def test_a_hash_sees_name_type_shape_and_bit():
    tensor = torch.tensor([[1.0, 2.0]])
    others = [('b', tensor), ('a', tensor.double()), ('a', tensor.T), ('a', torch.nextafter(tensor, tensor + 1))]
    hashes = {determinism.hash_tensors([pair]) for pair in [('a', tensor), *others]}
    assert len(hashes) == 5
