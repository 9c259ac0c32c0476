"""The fused map of the pretext tasks, on maps that one can follow by hand."""

import pytest
import torch

from cmvl_mm.models.neck import FusedPretextNeck, fuse_last_two


def test_frames_are_paired_on_channels_and_stage_4_is_upsampled():
    third = torch.tensor([10.0, 20, 30, 40]).view(1, 1, 4, 1, 1).expand(1, 1, 4, 2, 2)  # one channel, frames 0..3
    fourth = torch.tensor([[1.0, 2], [3, 4]]).view(1, 2, 2, 1, 1)  # channel x frame
    fused = fuse_last_two(third, fourth)
    assert fused.shape == (1, 2, 2, 2, 2)
    assert fused[0, :, :, 1, 1].tolist() == [[10 + 1, 30 + 2], [20 + 3, 40 + 4]]


def test_the_size_of_r3d26():
    maps = torch.empty(1, 1024, 4, 7, 7, device='meta'), torch.empty(1, 2048, 2, 4, 4, device='meta')
    assert FusedPretextNeck()(maps).shape == (1, 2048, 2, 7, 7)
    assert not list(FusedPretextNeck().parameters())


@pytest.mark.parametrize('third', [(1, 8, 3, 7, 7), (1, 16, 4, 7, 7)])
def test_maps_that_do_not_pair_are_refused(third):
    with pytest.raises(ValueError, match='half the channels and twice the frames'):
        fuse_last_two(torch.zeros(third), torch.zeros(1, 16, 2, 4, 4))
