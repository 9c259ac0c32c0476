"""What the last stage makes of a sample, in each of its layouts."""

import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import FormatShape, PackActionInputs

from cmvl_mm.datasets.packing import PackSample


def sample(clips, length=4, **more):
    frames = np.random.default_rng(0).integers(0, 256, (clips * length, 6, 8, 3), dtype=np.uint8)
    return dict(imgs=frames, clip_frames=np.zeros((clips, length), np.int64), label=3, path='a.mp4') | more


@pytest.mark.parametrize('clips', [1, 3])
@pytest.mark.parametrize('layout', ['NCTHW', 'NCHW'])
def test_layouts_of_mmaction2_are_what_its_own_stages_make(layout, clips):
    ours = PackSample(clips='many', layout=layout)(sample(clips))
    stock = dict(imgs=list(sample(clips)['imgs']), num_clips=clips, clip_len=4, label=3)
    theirs = PackActionInputs()(FormatShape(input_format=layout)(stock))
    assert ours['inputs'].dtype == theirs['inputs'].dtype == torch.uint8
    assert torch.equal(ours['inputs'], theirs['inputs'])
    assert ours['inputs'].is_contiguous()
    assert torch.equal(ours['data_samples'].gt_label, theirs['data_samples'].gt_label)
    assert ours['data_samples'].path == 'a.mp4'


def test_one_clip_keeps_its_axis_in_layouts_of_mmaction2_alone():
    own, stock = (PackSample(layout=layout)(sample(1))['inputs'] for layout in ('dict', 'NCTHW'))
    assert stock.shape == (1, 3, 4, 6, 8)
    assert torch.equal(stock[0], own['imgs'])


@pytest.mark.parametrize('layout', ['dict', 'NCTHW', 'NCHW'])
def test_clips_are_not_left_out(layout):
    with pytest.raises(ValueError, match=r"clips='one' but 3 clips were sampled. Remedy: set clips='many'"):
        PackSample(layout=layout)(sample(3))


@pytest.mark.parametrize('surplus', ['motion', 'iframe', 'imgs_colour'])
def test_a_layout_without_room_for_it_refuses_what_else_was_read(surplus):
    with pytest.raises(
        ValueError, match=f"layout='NCHW' has room for clips only, but the sample has {surplus}. Remedy"
    ):
        PackSample(layout='NCHW')(sample(1, **{surplus: np.zeros(1)}))


def test_choices_are_checked():
    with pytest.raises(ValueError, match="layout='stock' is not one of 'dict', 'NCTHW', 'NCHW'"):
        PackSample(layout='stock')
