"""What torch, accelerate and Lightning do with a whole batch of ours, collated here or in workers."""

import pytest
import torch
from accelerate.utils import find_batch_size, recursively_apply, send_to_device
from accelerate.utils.operations import concatenate
from lightning.fabric.utilities.apply_func import move_data_to_device
from lightning.pytorch.utilities.data import extract_batch_size
from lightning_utilities.core.apply_func import apply_to_collection
from mmaction.structures import ActionDataSample
from torch.utils.data import DataLoader
from torch.utils.data._utils.pin_memory import pin_memory

from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.models.preprocessor import CompressedVideoPreprocessor


@pytest.fixture(params=[0, 2], ids=['here', 'in workers'])
def batch(request):
    """Two videos with grids of different sizes."""
    made = torch.Generator().manual_seed(0)
    samples = []
    for number, rows in enumerate((3, 5)):
        inputs = dict(
            imgs=torch.randint(0, 256, (3, 4, 8, 8), dtype=torch.uint8, generator=made),
            motion=torch.randint(-9, 9, (2, 3, rows, 4, 2), dtype=torch.int16, generator=made),
            motion_box=torch.tensor([[0, 0, 16, 16]] * 2, dtype=torch.int32),
            motion_flip=torch.tensor([True, False]),
            motion_block=torch.tensor(8),
        )
        data_sample = ActionDataSample().set_gt_label(number)
        data_sample.set_metainfo(dict(path=f'{number}.mp4', skipped=[]))
        samples.append(dict(inputs=inputs, data_samples=data_sample))
    loader = DataLoader(
        samples,
        2,
        collate_fn=compressed_collate,
        num_workers=request.param,
        multiprocessing_context='fork' if request.param else None,
    )
    (loaded,) = loader
    return loaded


MOVES = {
    'accelerate': lambda batch: send_to_device(batch, torch.device('cpu'), non_blocking=True),
    'accelerate, any function': lambda batch: recursively_apply(torch.clone, batch),
    'Lightning': lambda batch: move_data_to_device(batch, torch.device('cpu')),
    'Lightning, any function': lambda batch: apply_to_collection(batch, torch.Tensor, torch.clone),
    'torch': pin_memory,
}


@pytest.mark.parametrize('move', MOVES)
def test_a_batch_that_was_moved_is_the_same(batch, move, monkeypatch):
    monkeypatch.setattr(torch.Tensor, 'pin_memory', lambda tensor: tensor.clone())  # there may be no GPU
    moved = MOVES[move](batch)
    prepare = CompressedVideoPreprocessor(motion_size=8)
    plain, prepared = prepare(batch), prepare(moved)
    assert type(moved['inputs']) is dict
    assert moved['inputs'].keys() == batch['inputs'].keys()
    for name, tensor in plain['inputs'].items():
        assert torch.equal(prepared['inputs'][name], tensor), name
    assert [one.gt_label.item() for one in moved['data_samples']] == [0, 1]
    assert [one.path for one in moved['data_samples']] == ['0.mp4', '1.mp4']


@pytest.mark.parametrize('move', ['accelerate', 'Lightning'])
def test_inputs_and_labels_go_to_the_device(batch, move):
    to = dict(accelerate=send_to_device, Lightning=move_data_to_device)[move]
    moved = to(batch, torch.device('meta'))
    assert {tensor.device.type for tensor in moved['inputs'].values()} == {'meta'}
    assert {one.gt_label.device.type for one in moved['data_samples']} == {'meta'}


def test_both_find_the_batch_size(batch):
    """Lightning warns where the first axes of a batch differ, and a warning is an error here."""
    assert find_batch_size(batch) == 2
    assert extract_batch_size(batch['inputs']) == 2


def test_inputs_of_two_batches_can_be_joined(batch):
    joined = concatenate([batch['inputs'], batch['inputs']])
    assert torch.equal(joined['imgs'], torch.cat([batch['inputs']['imgs']] * 2))
