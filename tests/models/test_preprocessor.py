"""What the networks get: normalised pictures, and motion in -1 … 1."""

import pytest
import torch

from cmvl_mm.datasets.augment import ColourDraw, encode_colour
from cmvl_mm.models.preprocessor import CompressedVideoPreprocessor


def test_pictures_are_normalised_like_imagenet():
    imgs = torch.randint(0, 256, (2, 3, 4, 6, 6), dtype=torch.uint8)
    iframe = imgs[:, :, 0]
    out = CompressedVideoPreprocessor()(dict(inputs=dict(imgs=imgs, iframe=iframe), data_samples=None))['inputs']
    expected = (imgs[:, 1].float() - 116.28) / 57.12
    assert torch.allclose(out['imgs'][:, 1], expected)
    assert torch.equal(out['iframe'], out['imgs'][:, :, 0])


def test_the_released_iframe_is_bgr_under_the_numbers_of_rgb():
    imgs = torch.randint(0, 256, (2, 3, 4, 6, 6), dtype=torch.uint8)
    raw = dict(imgs=imgs, iframe=imgs[:, :, 0])
    plain, released = (
        CompressedVideoPreprocessor(iframe_channels=order)(dict(inputs=raw))['inputs'] for order in ('rgb', 'bgr')
    )
    assert torch.equal(plain['imgs'], released['imgs'])
    blue = imgs[:, 2, 0].float()
    assert torch.allclose(released['iframe'][:, 0], (blue - 123.675) / 58.395)
    assert torch.equal(plain['iframe'][:, 1], released['iframe'][:, 1])


def test_draws_that_came_along_recolour_before_normalising():
    """Each sample and each kind of picture by its own; the I-frame in RGB, whatever the I-Network takes."""
    imgs = torch.randint(0, 256, (2, 3, 4, 6, 6), dtype=torch.uint8)
    nothing = ColourDraw(None, None, None, None, None, (0, 1, 2, 3), False)
    draws = [nothing, nothing._replace(brightness=0.5), nothing._replace(saturation=0.0)]
    numbers = [torch.from_numpy(encode_colour(draw)) for draw in draws]
    raw = dict(imgs=imgs, iframe=imgs[:, :, 0])
    drawn = raw | dict(imgs_colour=torch.stack(numbers[:2]), iframe_colour=torch.stack([numbers[0], numbers[2]]))
    preprocessor = CompressedVideoPreprocessor(iframe_channels='bgr')
    plain, coloured = (preprocessor(dict(inputs=inputs))['inputs'] for inputs in (raw, drawn))
    assert coloured.keys() == {'imgs', 'iframe'}
    assert torch.equal(coloured['imgs'][0], plain['imgs'][0])
    assert torch.equal(coloured['iframe'][0], plain['iframe'][0])
    half = (imgs[1, 1].float() / 2).round()
    assert torch.allclose(coloured['imgs'][1, 1], (half - 116.28) / 57.12)
    luma = torch.einsum('chw,c->hw', imgs[1, :, 0].float(), torch.tensor([0.299, 0.587, 0.114]))
    assert (coloured['iframe'][1, 0] * 58.395 + 123.675 - luma).abs().max() <= 0.51


def test_clips_of_a_test_keep_their_axis():
    imgs = torch.randint(0, 256, (2, 5, 3, 4, 6, 6), dtype=torch.uint8)
    preprocessor = CompressedVideoPreprocessor()
    many = preprocessor(dict(inputs=dict(imgs=imgs)))['inputs']['imgs']
    one = preprocessor(dict(inputs=dict(imgs=imgs[:, 3])))['inputs']['imgs']
    assert torch.equal(many[:, 3], one)


@pytest.mark.parametrize('sign', [1, -1])
@pytest.mark.parametrize(('clamp', 'expected'), [(10.0, 0.5), (20.0, 0.25), (4.0, 1.0)])
def test_motion_is_clamped_in_pixels_and_divided(clamp, expected, sign):
    """To the left as to the right."""
    motion = torch.zeros(1, 1, 8, 4, 4, 2, dtype=torch.int16)
    motion[..., 0] = sign * 20  # 5 px, in quarter pixels
    raw = dict(
        imgs=torch.zeros(1, 3, 1, 4, 4, dtype=torch.uint8),
        motion=motion,
        motion_box=torch.tensor([[[0, 0, 16, 32]]], dtype=torch.int32),
        motion_flip=torch.tensor([[False]]),
        motion_block=torch.tensor([8]),
    )
    maps = CompressedVideoPreprocessor(motion_size=12, motion_clamp=clamp)(dict(inputs=raw))['inputs']['motion']
    assert maps.shape == (1, 1, 2, 8, 12, 12)
    assert torch.allclose(maps[:, :, 0], torch.tensor(sign * expected))  # resizing does not rescale the values
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


def test_the_released_sign_of_dx_reaches_the_maps():
    motion = torch.full((1, 2, 8, 4, 4, 2), 20, dtype=torch.int16)
    raw = dict(
        motion=motion,
        motion_box=torch.tensor([[[0, 0, 32, 32]] * 2]),
        motion_flip=torch.tensor([[True, False]]),
        motion_block=torch.tensor([8]),
    )
    for how, sign in (('negate', -1), ('keep', 1)):
        maps = CompressedVideoPreprocessor(motion_size=4, mirrored_dx=how)(dict(inputs=raw))['inputs']['motion']
        assert torch.allclose(maps[0, 0, 0], torch.tensor(sign * 0.5))
        assert torch.allclose(maps[0, 1, 0], torch.tensor(0.5))


def test_choices_are_checked():
    with pytest.raises(ValueError, match="mirrored_dx='flip'"):
        CompressedVideoPreprocessor(mirrored_dx='flip')
    with pytest.raises(ValueError, match="iframe_channels='gbr'"):
        CompressedVideoPreprocessor(iframe_channels='gbr')


def test_clamp_must_be_positive():
    with pytest.raises(ValueError, match='motion_clamp=0'):
        CompressedVideoPreprocessor(motion_clamp=0)
