"""Grids of different videos share a batch without touching each other."""

import pytest
import torch

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
    with pytest.raises(ValueError, match=r'\(2, 3, 4, 5, 5\), \(3, 3, 4, 5, 5\).*Remedy: test_dataloader.batch_size=1'):
        compressed_collate(samples)
