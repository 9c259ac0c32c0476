"""What the networks get: normalised pictures, and motion in -1 … 1."""

import pytest
import torch

from cmvl_mm.models.preprocessor import CompressedVideoPreprocessor


def test_pictures_are_normalised_like_imagenet():
    imgs = torch.randint(0, 256, (2, 3, 4, 6, 6), dtype=torch.uint8)
    iframe = imgs[:, :, 0]
    out = CompressedVideoPreprocessor()(dict(inputs=dict(imgs=imgs, iframe=iframe), data_samples=None))['inputs']
    expected = (imgs[:, 1].float() - 116.28) / 57.12
    assert torch.allclose(out['imgs'][:, 1], expected)
    assert torch.equal(out['iframe'], out['imgs'][:, :, 0])


def test_clips_of_a_test_keep_their_axis():
    imgs = torch.randint(0, 256, (2, 5, 3, 4, 6, 6), dtype=torch.uint8)
    preprocessor = CompressedVideoPreprocessor()
    many = preprocessor(dict(inputs=dict(imgs=imgs)))['inputs']['imgs']
    one = preprocessor(dict(inputs=dict(imgs=imgs[:, 3])))['inputs']['imgs']
    assert torch.equal(many[:, 3], one)


@pytest.mark.parametrize(('clamp', 'expected'), [(10.0, 0.5), (20.0, 0.25), (4.0, 1.0)])
def test_motion_is_clamped_in_pixels_and_divided(clamp, expected):
    motion = torch.zeros(1, 1, 8, 4, 4, 2, dtype=torch.int16)
    motion[..., 0] = 20  # 5 px to the right, in quarter pixels
    raw = dict(
        imgs=torch.zeros(1, 3, 1, 4, 4, dtype=torch.uint8),
        motion=motion,
        motion_box=torch.tensor([[[0, 0, 16, 32]]], dtype=torch.int32),
        motion_flip=torch.tensor([[False]]),
        motion_block=torch.tensor([8]),
    )
    maps = CompressedVideoPreprocessor(motion_size=12, motion_clamp=clamp)(dict(inputs=raw))['inputs']['motion']
    assert maps.shape == (1, 1, 2, 8, 12, 12)
    assert torch.allclose(maps[:, :, 0], torch.tensor(expected))  # resizing does not rescale the values
    assert (maps[:, :, 1] == 0).all()


def test_autocast_does_not_coarsen_the_maps():
    raw = dict(
        imgs=torch.zeros(1, 3, 1, 4, 4, dtype=torch.uint8),
        motion=torch.randint(-40, 40, (1, 2, 3, 6, 6, 2), dtype=torch.int16),
        motion_box=torch.tensor([[[3, 1, 30, 41], [0, 0, 48, 48]]]),
        motion_flip=torch.tensor([[False, True]]),
        motion_block=torch.tensor([8]),
    )
    preprocessor = CompressedVideoPreprocessor(motion_size=20)
    plain = preprocessor(dict(inputs=raw))['inputs']['motion']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = preprocessor(dict(inputs=raw))['inputs']['motion']
    assert torch.equal(plain, mixed)


def test_clamp_must_be_positive():
    with pytest.raises(ValueError, match='motion_clamp=0'):
        CompressedVideoPreprocessor(motion_clamp=0)
