"""Grids of different videos share a batch without touching each other."""

import io
import pickle
from multiprocessing.reduction import ForkingPickler

import pytest
import torch
from torch.utils.data import DataLoader

from cmvl_mm.datasets import collate
from cmvl_mm.datasets.collate import compressed_collate


def sample(rows, columns, value):
    motion = torch.full((2, 8, rows, columns, 2), value, dtype=torch.int16)
    return dict(inputs=dict(imgs=torch.zeros(3, 4, 5, 5, dtype=torch.uint8), motion=motion), data_samples=value)


def test_grids_are_zero_padded_to_the_largest():
    batch = compressed_collate([sample(3, 7, 1), sample(5, 4, 2)])
    motion = batch['inputs']['motion']
    assert motion.shape == (2, 2, 8, 5, 7, 2)
    assert motion.dtype == torch.int16
    assert (motion[0, :, :, :3, :] == 1).all()
    assert (motion[0, :, :, 3:] == 0).all()
    assert (motion[1, :, :, :, :4] == 2).all()
    assert (motion[1, :, :, :, 4:] == 0).all()
    assert batch['inputs']['imgs'].shape == (2, 3, 4, 5, 5)
    assert batch['data_samples'] == [1, 2]


def test_videos_with_different_numbers_of_clips_do_not_share_a_batch():
    samples = [dict(inputs=dict(imgs=torch.zeros(clips, 3, 4, 5, 5)), data_samples=0) for clips in (2, 3)]
    with pytest.raises(
        ValueError, match=r'\(2, 3, 4, 5, 5\), \(3, 3, 4, 5, 5\).*Remedy: set test_dataloader.batch_size=1'
    ):
        compressed_collate(samples)


@pytest.mark.parametrize('order', [1, -1])
def test_samples_of_other_inputs_do_not_share_a_batch(order):
    samples = [sample(3, 3, 1), sample(3, 3, 2)]
    samples[0]['inputs']['motion_valid'] = torch.tensor(False)
    with pytest.raises(ValueError, match=r'some samples of one batch lack motion_valid, which others have'):
        compressed_collate(samples[::order])


@pytest.fixture
def mixed():
    """Two samples with inputs of every type that ours have, some of them a single number."""
    samples = [sample(3, 7, 1), sample(5, 4, 2)]
    for number, one in enumerate(samples):
        one['inputs'] |= dict(
            colour=torch.tensor([0.5, number]), flip=torch.tensor([True, False, number > 0]), block=torch.tensor(number)
        )
    return samples


def test_stacking_keeps_types_and_values(mixed):
    inputs = compressed_collate(mixed)['inputs']
    for name in ('imgs', 'colour', 'flip', 'block'):
        expected = torch.stack([one['inputs'][name] for one in mixed])
        assert inputs[name].dtype == expected.dtype
        assert torch.equal(inputs[name], expected)


def test_a_batch_made_in_the_process_itself_is_a_plain_dict(mixed):
    """Its tensors share no memory: one that is saved does not take the others along."""
    inputs = compressed_collate(mixed)['inputs']
    assert type(inputs) is dict
    assert len({tensor.untyped_storage().data_ptr() for tensor in inputs.values()}) == len(inputs)


def test_a_workers_batch_is_what_the_process_itself_would_make(mixed):
    here = compressed_collate(mixed)
    loader = DataLoader(
        mixed, batch_size=2, num_workers=1, multiprocessing_context='fork', collate_fn=compressed_collate
    )
    (arrived,) = loader
    assert type(arrived['inputs']) is dict
    assert arrived['data_samples'] == [1, 2]
    assert arrived['inputs'].keys() == here['inputs'].keys()
    for name, tensor in here['inputs'].items():
        assert arrived['inputs'][name].dtype == tensor.dtype
        assert torch.equal(arrived['inputs'][name], tensor), name
    assert arrived['inputs']['imgs'].is_shared()


@pytest.fixture
def in_worker(monkeypatch):
    monkeypatch.setattr(collate, 'get_worker_info', lambda: 'a worker')


def test_a_workers_batch_travels_as_one_tensor(mixed, in_worker, monkeypatch):
    sent = []
    reduce = ForkingPickler._extra_reducers[torch.Tensor]
    monkeypatch.setitem(
        ForkingPickler._extra_reducers, torch.Tensor, lambda tensor: sent.append(tensor) or reduce(tensor)
    )
    ForkingPickler(io.BytesIO()).dump(compressed_collate(mixed))
    assert len(sent) == 1


CHANGES = [
    lambda inputs: inputs,
    lambda inputs: type(inputs)({name: value.float() for name, value in inputs.items()}),
    lambda inputs: inputs | dict(imgs=inputs['imgs'] + 1),
    lambda inputs: dict.update(inputs, imgs=inputs['imgs'] + 1) or inputs,
    lambda inputs: dict.update(inputs, imgs=inputs['imgs'].view(torch.int8)) or inputs,
    lambda inputs: dict.update(inputs, imgs=inputs['imgs'][:1]) or inputs,
    lambda inputs: dict.update(inputs, more=inputs['imgs']) or inputs,
    lambda inputs: inputs.pop('imgs') is None or inputs,
    lambda inputs: inputs['imgs'].add_(1) is None or inputs,
]


@pytest.mark.parametrize('change', CHANGES)
def test_what_a_collate_round_ours_changes_arrives(mixed, in_worker, change):
    """A worker's block rebuilt by its type, as accelerate and Lightning do, or edited as any dict may be."""
    sent = change(compressed_collate(mixed)['inputs'])
    arrived = pickle.loads(_dumps(sent))
    assert type(arrived) is dict
    assert arrived.keys() == sent.keys()
    for name, tensor in sent.items():
        assert arrived[name].dtype == tensor.dtype
        assert torch.equal(arrived[name], tensor), name


def _dumps(value):
    buffer = io.BytesIO()
    ForkingPickler(buffer).dump(value)
    return buffer.getvalue()
