"""Batches of MMEngine's collates and of ours are the same to the networks, bit for bit."""

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.registry import FUNCTIONS
from torch import nn

import cmvl_mm.register  # noqa: F401
from cmvl_mm.models.preprocessor import CompressedVideoPreprocessor


def sample(number, grid, draws=False):
    """One of the pretraining's, of a video of any size."""
    made = torch.Generator().manual_seed(number)

    def integers(*shape, high=256, low=0, dtype=torch.uint8):
        return torch.randint(low, high, shape, dtype=dtype, generator=made)

    inputs = dict(
        imgs=integers(3, 4, 12, 12),
        iframe=integers(3, 12, 12),
        motion=integers(2, 8, *grid, 2, low=-60, high=60, dtype=torch.int16),
        motion_box=torch.tensor([[0, 0, 24, 24], [8, 8, 16, 16]], dtype=torch.int32),
        motion_flip=torch.tensor([number % 2 == 0, True]),
        motion_block=torch.tensor(8),
        motion_valid=torch.tensor(number > 1),
    )
    if draws:
        inputs['imgs_colour'] = torch.tensor([0.7, 1.2, 0.8, 1.1, 0.2, 0, 1, 2, 3, 0.0]) + 0.01 * number
    return dict(inputs=inputs, data_samples=ActionDataSample().set_gt_label(number))


def prepared(samples, collate):
    return CompressedVideoPreprocessor(motion_size=12)(FUNCTIONS.get(collate)(samples))


@pytest.mark.parametrize('draws', [False, True])
@pytest.mark.parametrize(
    ('collate', 'grids'),
    [
        ('pseudo_collate', [(3, 7), (5, 4), (4, 4)]),
        ('pseudo_collate', [(5, 5)]),
        ('default_collate', [(5, 5), (5, 5), (5, 5)]),
    ],
)
def test_collates_of_mmengine_give_the_same_batch(collate, grids, draws):
    samples = [sample(number, grid, draws) for number, grid in enumerate(grids)]
    ours, theirs = (prepared(samples, name) for name in ('compressed_collate', collate))
    assert list(theirs['inputs']) == list(ours['inputs'])
    assert {'imgs', 'iframe', 'motion', 'motion_valid'} == theirs['inputs'].keys()
    for name, tensor in ours['inputs'].items():
        assert theirs['inputs'][name].dtype == tensor.dtype
        assert torch.equal(theirs['inputs'][name], tensor), name
    assert [one.gt_label.item() for one in theirs['data_samples']] == list(range(len(grids)))


def test_clips_of_a_test_keep_their_axis_in_every_collate():
    samples = [dict(inputs=dict(imgs=torch.full((5, 3, 4, 6, 6), value)), data_samples=None) for value in (1.0, 2.0)]
    batches = [prepared(samples, name)['inputs']['imgs'] for name in ('pseudo_collate', 'compressed_collate')]
    assert batches[0].shape == (2, 5, 3, 4, 6, 6)
    assert torch.equal(*batches)


@pytest.mark.parametrize('collate', ['pseudo_collate', 'compressed_collate', 'default_collate'])
def test_samples_in_the_layout_of_mmaction2_are_clips(collate):
    clips = torch.randint(0, 256, (2, 5, 3, 4, 6, 6), dtype=torch.uint8)
    stock = [dict(inputs=one, data_samples=ActionDataSample()) for one in clips]
    own = [dict(inputs=dict(imgs=one), data_samples=ActionDataSample()) for one in clips]
    assert torch.equal(
        prepared(stock, collate)['inputs']['imgs'], prepared(own, 'compressed_collate')['inputs']['imgs']
    )


def test_frames_for_a_2d_recognizer_are_refused():
    frames = [dict(inputs=torch.zeros(8, 3, 6, 6, dtype=torch.uint8), data_samples=None)] * 2
    with pytest.raises(ValueError, match=r'\(2, 8, 3, 6, 6\).*Remedy'):
        prepared(frames, 'pseudo_collate')


def test_videos_with_different_numbers_of_clips_are_refused_in_every_collate():
    samples = [dict(inputs=dict(imgs=torch.zeros(clips, 3, 4, 5, 5)), data_samples=0) for clips in (2, 3)]
    with pytest.raises(
        ValueError, match=r'\(2, 3, 4, 5, 5\), \(3, 3, 4, 5, 5\).*Remedy: set test_dataloader.batch_size=1'
    ):
        prepared(samples, 'pseudo_collate')


def test_the_batch_follows_a_module_that_holds_the_model():
    """Lightning moves its own module, and torch then moves the weights inside without a word to MMEngine."""
    model = MODELS.build(
        dict(
            type='ContextMotionRecognizer',
            backbone=dict(type='C3DBN', width=1),
            data_preprocessor=dict(type='CompressedVideoPreprocessor'),
        )
    )
    nn.ModuleList([model]).to('meta')
    out = model.data_preprocessor(dict(inputs=dict(imgs=torch.zeros(1, 3, 2, 4, 4, dtype=torch.uint8))))
    assert out['inputs']['imgs'].device.type == 'meta'
