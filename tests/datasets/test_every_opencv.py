"""A sample's bytes depend on neither the release of OpenCV nor the processor.

Each call is compared with a formula, or with itself on single pixels: a release that treats the last pixels of a row
otherwise than the rest fails here. The digest of whole samples was the same with opencv 4.10, 4.14, 5.0 and 5.1, each
with and without AVX2.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.augment import ColourDraw, apply_colour
from cmvl_mm.datasets.hue import FULL_DROP, HUES, from_hsv, turn_hue
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.video import Frames, MotionField

NOTHING = ColourDraw(None, None, None, None, None, (0, 1, 2, 3), False)
WIDTHS = (*range(1, 65), 101, 112, 128, 200)
SAMPLES = 8
DIGEST = '15eb887cb8ab6c33f694fbfde2ade55daba3c1aef746b13d764161b7fb4158a1'
AVX2 = 11  # OpenCV's number of it


def colours(height: int, width: int) -> np.ndarray:
    """(height, width, 3) uint8 of every kind: random, grey, and at the edges of the cube, where sectors meet."""
    rng = np.random.default_rng(0)
    out = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    out[::4, :, 1] = out[::4, :, 0]
    out[1::4] = rng.choice(np.array([0, 1, 127, 254, 255], np.uint8), out[1::4].shape)
    out[2::8, :, 1:] = out[2::8, :, :1]
    return out


def test_rgb_to_hsv_is_the_integer_formula():
    quotients = np.arange(1, 256)
    of_value, of_chroma = (np.rint(unit * 4096 / quotients).astype(int) for unit in (255, HUES / 6))
    of_value, of_chroma = np.append(0, of_value), np.append(0, of_chroma)
    for width in WIDTHS:
        picture = colours(400, width)
        red, green, blue = np.moveaxis(picture.astype(int), -1, 0)
        value = picture.max(-1).astype(int)
        chroma = value - picture.min(-1)
        sector = np.where(
            value == red, green - blue, np.where(value == green, blue - red + 2 * chroma, red - green + 4 * chroma)
        )
        hue = (sector * of_chroma[chroma] + 2048) >> 12
        saturation = (chroma * of_value[value] + 2048) >> 12
        expected = np.stack([np.where(hue < 0, hue + HUES, hue), saturation, value], -1)
        assert np.array_equal(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV), expected), width


def test_hsv_to_rgb_is_the_integer_formula_for_all_values():
    """Every value, every saturation, and hues over two sectors, in which one channel rests, one falls and one rises."""
    hues, pairs = np.arange(60, 121), np.arange(65536)
    hsv = np.empty((len(hues), len(pairs), 3), np.uint8)
    hsv[..., 0], hsv[..., 1], hsv[..., 2] = hues[:, None], pairs >> 8, pairs & 255
    product = (pairs >> 8) * (pairs & 255)
    shares = np.clip([0 * hues + 30, hues - 90, 90 - hues], 0, 30)  # from green over cyan to blue
    expected = np.stack([(pairs & 255) + (-product * share[:, None]) // FULL_DROP for share in shares], -1)
    assert np.array_equal(from_hsv(hsv), expected)


def test_a_turn_by_nothing_leaves_greys_and_full_colours_alone():
    levels = np.arange(256, dtype=np.uint8)
    grey = np.repeat(levels[None, :, None], 3, axis=2)
    assert np.array_equal(turn_hue(grey, 0.37), grey)
    full = np.zeros((6, 256, 3), np.uint8)
    for row, channels in enumerate(((0,), (1,), (2,), (0, 1), (1, 2), (0, 2))):
        full[row, :, channels] = levels
    assert np.array_equal(turn_hue(full, 0.0), full)
    assert np.array_equal(turn_hue(full[:3], 1 / 3), full[[1, 2, 0]])


STEPS = [
    *(NOTHING._replace(brightness=factor) for factor in (0.61, 1.37)),
    *(NOTHING._replace(saturation=factor) for factor in (0.61, 1.37)),
    *(NOTHING._replace(hue=turn) for turn in (-0.31, 0.0, 0.07)),
    NOTHING._replace(gray=True),
]


@pytest.mark.parametrize('draw', STEPS, ids=str)
def test_a_pixel_alone_comes_out_as_in_its_row(draw):
    for width in WIDTHS:
        rows = colours(40, width)[None]
        alone = apply_colour(rows.reshape(1, -1, 1, 3), draw)
        assert np.array_equal(apply_colour(rows, draw), alone.reshape(rows.shape)), width


@pytest.mark.parametrize('factor', [0.0, 0.61, 1.37])
def test_saturation_is_the_integer_formula(factor):
    frames = colours(60, 77)[None]
    matrix = factor * np.eye(3, dtype=np.float32) + (1 - factor) * np.array([0.299, 0.587, 0.114], np.float32)
    mixed = (frames.astype(int) @ np.rint(matrix * 1024).astype(int).T + 512) >> 10
    out = apply_colour(frames, NOTHING._replace(saturation=factor))
    assert np.array_equal(out, np.clip(mixed, 0, 255))


@pytest.mark.parametrize('sigma', [0.1, 0.5, 1.234, 2.0])
def test_blur_of_a_strip_is_that_of_the_whole_picture(sigma):
    """Strips with their surroundings, so that every column is once at the end of a row."""
    picture = colours(20, 150)
    radius = round(6 * sigma + 1) // 2
    whole = apply_colour(picture[None], NOTHING._replace(blur_sigma=sigma))[0]
    for width in range(1, 65):
        strip = apply_colour(picture[None, :, 40 - radius : 40 + width + radius], NOTHING._replace(blur_sigma=sigma))[0]
        assert np.array_equal(strip[:, radius : radius + width], whole[:, 40 : 40 + width]), width


class DrawnVideo:
    """A video whose pixels and vectors follow from whole numbers: no decoder has a part in the digest."""

    height, width, num_frames, block = 120, 160, 90, 16
    keyframes = np.arange(0, 90, 12)

    def read(self, rgb=(), motion=()):
        y, x = np.indices((self.height, self.width))
        number = np.asarray(rgb)[:, None, None]
        frames = np.stack(
            [(x * 3 + y + number * 5) % 256, (x + y * 2 - number) % 256, (x * y // 40 + number * 2) % 256], -1
        )
        cells = np.arange(len(motion) * 8 * 10 * 2).reshape(len(motion), 8, 10, 2)
        vectors = (cells * 7 % 81 - 40).astype(np.int16)
        field = MotionField(vectors, np.ones(vectors.shape[:-1], bool), self.block)
        return Frames(frames.astype(np.uint8), field)


def digest() -> str:
    """sha256 of the inputs of whole samples, as the pretraining recipe makes them."""
    config = load_config(Path(__file__).resolve().parents[2] / 'configs/released/pretrain_c3d_ucf.py')
    stages = [TRANSFORMS.build(stage) for stage in config.train_dataloader.dataset.pipeline]
    sums = hashlib.sha256()
    for index in range(SAMPLES):
        sample = dict(video=DrawnVideo(), rng=SampleIndex(index, epoch=3, seed=1).generator(0), label=None)
        for stage in stages:
            sample = stage(sample)
        for name, tensor in sorted(sample['inputs'].items()):
            sums.update(name.encode() + tensor.numpy().tobytes())
    return sums.hexdigest()


def test_a_whole_sample_has_the_recorded_bytes():
    assert digest() == DIGEST


@pytest.mark.slow
@pytest.mark.skipif(not cv2.checkHardwareSupport(AVX2), reason='needs a processor with AVX2, to do without it')
def test_a_processor_without_avx2_gives_the_same_sample():
    code = f'import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_every_opencv as here; '
    code += 'print(here.cv2.checkHardwareSupport(here.AVX2), here.digest())'
    plain = dict(OPENCV_CPU_DISABLE='AVX2', ATEN_CPU_CAPABILITY='default')
    run = subprocess.run([sys.executable, '-c', code], env=os.environ | plain, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ['False', DIGEST]
