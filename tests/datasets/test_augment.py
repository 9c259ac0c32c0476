"""Colour operations mean what their names say, and a clip's frames share one draw."""

import colorsys

import numpy as np
import pytest

from cmvl_mm.datasets.augment import ColourDraw, apply_colour, draw_colour, encode_colour

NOTHING = ColourDraw(None, None, None, None, None, (0, 1, 2, 3), False)
SETTINGS = dict(
    blur_prob=0.5,
    blur_sigma=(0.1, 2.0),
    jitter_prob=0.5,
    brightness=0.4,
    contrast=0.4,
    saturation=0.4,
    hue=0.1,
    gray_prob=0.2,
)


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (3, 20, 24, 3), dtype=np.uint8)


def test_nothing_drawn_changes_nothing(frames):
    assert np.array_equal(apply_colour(frames, NOTHING), frames)


def test_brightness_and_its_limit(frames):
    bright = apply_colour(frames, NOTHING._replace(brightness=1.4))
    assert np.array_equal(bright, np.clip(np.rint(frames * np.float32(1.4)), 0, 255).astype(np.uint8))


def test_contrast_zero_is_each_frames_mean_gray(frames):
    flat = apply_colour(frames, NOTHING._replace(contrast=0.0))
    means = (frames.mean(axis=(1, 2)) @ [0.299, 0.587, 0.114]).round()
    assert np.abs(flat - means[:, None, None, None]).max() <= 1
    assert np.ptp(flat[0]) == 0


def test_saturation_zero_equals_gray(frames):
    assert np.array_equal(
        apply_colour(frames, NOTHING._replace(saturation=0.0)), apply_colour(frames, NOTHING._replace(gray=True))
    )


@pytest.mark.parametrize('factor', [0.6, 1.4])
def test_saturation_and_contrast_blend_as_their_formulas_say(frames, factor):
    """Integer arithmetic: within one level of the blend in floating point, clipped."""
    luma = frames @ np.array([0.299, 0.587, 0.114])
    for name, other in (
        ('saturation', luma[..., None]),
        ('contrast', luma.mean((1, 2), keepdims=True).round()[..., None]),
    ):
        out = apply_colour(frames, NOTHING._replace(**{name: factor}))
        expected = np.clip(factor * frames + (1 - factor) * other, 0, 255)
        assert np.abs(out - expected).max() < 1.2
        assert abs((out - expected).mean()) < 0.05, 'rounding is biased'


@pytest.mark.parametrize('turn', [1 / 3, -1 / 3, 0.25])
def test_hue_turns_by_that_share_of_a_circle(turn):
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 200
    turned = apply_colour(red, NOTHING._replace(hue=turn))[0, 0, 0] / 255
    assert colorsys.rgb_to_hsv(*turned)[0] == pytest.approx(turn % 1, abs=0.01)


def test_blur_keeps_the_mean_and_smooths(frames):
    blurred = apply_colour(frames, NOTHING._replace(blur_sigma=2.0))
    assert abs(blurred.mean() - frames.mean()) < 3
    assert np.diff(blurred.astype(int), axis=2).std() < 0.3 * np.diff(frames.astype(int), axis=2).std()


def test_order_of_the_steps_matters():
    frame = np.full((1, 4, 4, 3), (250, 100, 10), np.uint8)
    draw = NOTHING._replace(brightness=1.4, contrast=0.6)
    first = apply_colour(frame, draw._replace(order=(0, 1, 2, 3)))
    second = apply_colour(frame, draw._replace(order=(1, 0, 2, 3)))
    assert not np.array_equal(first, second)


def test_frames_of_a_clip_share_the_draw(frames):
    same = np.repeat(frames[:1], 3, axis=0)
    draw = draw_colour(np.random.default_rng(4), **(SETTINGS | dict(jitter_prob=1.0, blur_prob=1.0)))
    out = apply_colour(same, draw)
    assert np.array_equal(out[0], out[1])
    assert np.array_equal(out[0], out[2])


def test_draws_have_the_asked_probabilities_and_ranges():
    draws = [draw_colour(np.random.default_rng(i), **SETTINGS) for i in range(2000)]
    assert abs(np.mean([draw.blur_sigma is not None for draw in draws]) - 0.5) < 0.05
    assert abs(np.mean([draw.hue is not None for draw in draws]) - 0.5) < 0.05
    assert abs(np.mean([draw.gray for draw in draws]) - 0.2) < 0.04
    hues = [draw.hue for draw in draws if draw.hue is not None]
    assert -0.1 <= min(hues) < -0.09
    assert 0.09 < max(hues) <= 0.1
    factors = [draw.contrast for draw in draws if draw.contrast is not None]
    assert 0.6 <= min(factors) < 0.62
    assert 1.38 < max(factors) <= 1.4


def test_one_setting_does_not_shift_the_others():
    with_blur = [draw_colour(np.random.default_rng(i), **SETTINGS) for i in range(20)]
    without = [draw_colour(np.random.default_rng(i), **(SETTINGS | dict(blur_prob=0.0))) for i in range(20)]
    assert [draw[1:] for draw in with_blur] == [draw[1:] for draw in without]


def test_the_layout_of_an_encoded_draw():
    """Places, not the order itself: brightness comes second, contrast last."""
    numbers = encode_colour(ColourDraw(1.5, 0.75, None, 1.25, -0.5, (2, 0, 3, 1), True))
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers, [1.5, 0.75, np.nan, 1.25, -0.5, 1, 3, 0, 2, 1])
