"""Pixels and vectors stay together, and the matrices equal paint, crop, resize."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from cmvl_mm.datasets.crop_stages import RandomCropFlip
from cmvl_mm.datasets.geometry import (
    Box,
    axis_matrix,
    centre_box,
    crop_resize,
    crop_resize_motion,
    random_resized_box,
    rotate,
)


def paint_crop_resize(grid: np.ndarray, box: Box, flip: bool, block: int, size: int) -> np.ndarray:
    """The slow way, in float64: (T, Hb, Wb, 2) quarter pixels -> (2, T, size, size) px per frame."""
    painted = torch.from_numpy(grid.repeat(block, 1).repeat(block, 2)).double().permute(3, 0, 1, 2) / 4
    cut = painted[:, :, box.top : box.top + box.height, box.left : box.left + box.width]
    resized = F.interpolate(cut, size=(size, size), mode='bilinear', align_corners=False, antialias=False)
    if flip:
        resized = resized.flip(-1) * torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1)
    return resized.numpy()


@pytest.mark.parametrize('block', [8, 16])
@pytest.mark.parametrize('size', [112, 12, 40])
def test_device_maps_equal_paint_crop_resize(block, size):
    rng = np.random.default_rng(0)
    height, width = 120, 172  # a ceil grid: the last blocks run past the frame
    rows, columns = -(-height // block), -(-width // block)
    grids, boxes, flips, expected = [], [], [], []
    for _ in range(12):
        grid = rng.integers(-400, 400, (3, rows, columns, 2)).astype(np.int16)
        box, flip = random_resized_box(rng, height, width, (0.05, 1.0), (0.75, 1.33)), bool(rng.random() < 0.5)
        grids.append(grid)
        boxes.append(box)
        flips.append(flip)
        expected.append(paint_crop_resize(grid, box, flip, block, size))
    maps = crop_resize_motion(
        torch.from_numpy(np.stack(grids)),
        torch.tensor(boxes),
        torch.tensor(flips),
        torch.full((12,), block),
        size,
    )
    # relative to the largest vector here, 100 px
    assert np.abs(maps.numpy() - np.stack(expected)).max() / 100 < 1e-5


def test_matrix_rows_sum_to_one_and_stay_inside_the_crop():
    matrix = axis_matrix(torch.tensor([10, 0]), torch.tensor([23, 64]), torch.tensor([8, 8]), 8, 16)
    assert torch.allclose(matrix.sum(2), torch.ones(2, 16))
    assert matrix[0, :, [0, 5, 6, 7]].abs().sum() == 0  # pixels 10..32 lie in blocks 1..4


def test_flip_twice_is_the_identity_for_vectors_and_mirrors_once():
    grid = torch.zeros(1, 1, 4, 4, 2, dtype=torch.int16)
    grid[0, 0, 1, 0] = torch.tensor([12, -8])  # 3 px to the right, 2 px up, at the left edge
    box, block = torch.tensor([[0, 0, 32, 32]]), torch.tensor([8])
    plain = crop_resize_motion(grid, box, torch.tensor([False]), block, 32)
    mirrored = crop_resize_motion(grid, box, torch.tensor([True]), block, 32)
    assert plain[0, :, 0, 12, 2].tolist() == [3, -2]
    assert mirrored[0, :, 0, 12, 29].tolist() == [-3, -2]
    again = mirrored.flip(-1) * torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1, 1)
    assert torch.equal(again, plain)


def test_the_released_flip_mirrors_the_map_and_keeps_the_sign_of_dx():
    grid = torch.randint(-40, 40, (2, 3, 4, 4, 2), dtype=torch.int16)
    arguments = (torch.tensor([[0, 0, 32, 32]] * 2), torch.tensor([True, False]), torch.tensor([8, 8]), 32)
    negated, kept = (crop_resize_motion(grid, *arguments, how) for how in ('negate', 'keep'))
    assert torch.equal(kept[0, 0], -negated[0, 0])  # the mirrored window's dx
    assert torch.equal(kept[0, 1], negated[0, 1])
    assert torch.equal(kept[1], negated[1])  # the other window was not mirrored
    assert negated[0, 0].abs().sum() > 0


def test_padding_of_the_collate_does_not_reach_the_map():
    grid = torch.randint(-40, 40, (1, 2, 6, 6, 2), dtype=torch.int16)
    padded = torch.full((1, 2, 9, 11, 2), 999, dtype=torch.int16)
    padded[:, :, :6, :6] = grid
    arguments = (torch.tensor([[3, 5, 40, 41]]), torch.tensor([True]), torch.tensor([8]), 24)
    assert torch.equal(crop_resize_motion(grid, *arguments), crop_resize_motion(padded, *arguments))


@pytest.mark.parametrize('flip', [False, True])
def test_bright_square_and_its_vector_stay_together(flip):
    height, width, block = 128, 160, 8
    rng = np.random.default_rng(1)
    for _ in range(10):
        box = random_resized_box(rng, height, width, (0.3, 1.0), (0.75, 1.33))
        row, column = int(rng.integers(height // block)), int(rng.integers(width // block))
        frame = np.zeros((1, height, width, 3), np.uint8)
        frame[0, row * block : (row + 1) * block, column * block : (column + 1) * block] = 255
        grid = torch.zeros(1, 1, height // block, width // block, 2, dtype=torch.int16)
        grid[0, 0, row, column, 1] = 40
        picture = crop_resize(frame, box, flip, 112)[0, ..., 0] > 128
        motion = crop_resize_motion(grid, torch.tensor([box]), torch.tensor([flip]), torch.tensor([block]), 112)
        moved = motion[0, 1, 0].numpy() > 5
        differing = (picture ^ moved).sum()
        assert differing <= 0.2 * max(picture.sum(), 1) + 12  # edges only: one resize is antialiased, the other not


@pytest.mark.parametrize('box', [Box(5, 10, 40, 44), Box(0, 0, 50, 70), Box(20, 30, 12, 30), Box(0, 58, 50, 12)])
def test_crop_is_what_pil_does_with_the_cut_out(box):
    """Within one level; shrinking, growing, and shrinking one side while the other grows."""
    frames = np.random.default_rng(0).integers(0, 256, (2, 50, 70, 3), dtype=np.uint8)
    ours = crop_resize(frames, box, True, 24)
    right, bottom = box.left + box.width, box.top + box.height
    cut = Image.fromarray(frames[1]).crop((box.left, box.top, right, bottom))
    pils = np.asarray(cut.resize((24, 24), Image.Resampling.BILINEAR))[:, ::-1].astype(int)
    assert ours.shape == (2, 24, 24, 3)
    assert np.abs(ours[1] - pils).max() <= 1
    assert abs((ours[1] - pils).mean()) < 0.05, 'rounding is biased'


def naive_rotation(frame: np.ndarray, degrees: float) -> np.ndarray:
    """(H, W) -> (H, W): every output pixel looks up where it came from; bilinear, NaN where that is outside."""
    height, width = frame.shape
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    out = np.full(frame.shape, np.nan)
    for y in range(height):
        for x in range(width):
            right, up = x - (width - 1) / 2, (height - 1) / 2 - y
            source_x = (width - 1) / 2 + cos * right + sin * up  # turned back, clockwise
            source_y = (height - 1) / 2 - (cos * up - sin * right)
            left, top = int(np.floor(source_x)), int(np.floor(source_y))
            if 0 <= left < width - 1 and 0 <= top < height - 1:
                a, b = source_x - left, source_y - top
                upper = (1 - a) * frame[top, left] + a * frame[top, left + 1]
                lower = (1 - a) * frame[top + 1, left] + a * frame[top + 1, left + 1]
                out[y, x] = (1 - b) * upper + b * lower
    return out


@pytest.mark.parametrize('degrees', [7.3, -10.0, 90.0])
def test_rotation_is_anticlockwise_bilinear_and_black_outside(degrees):
    frame = np.random.default_rng(0).integers(100, 256, (30, 42), dtype=np.uint8)
    frames = np.stack([frame, frame[::-1]])[..., None].repeat(3, axis=3)
    turned = rotate(frames, degrees)
    for one, source in zip(turned, frames, strict=True):
        expected = naive_rotation(source[..., 0].astype(float), degrees)
        inside = np.isfinite(expected)
        assert np.abs(one[..., 0][inside] - expected[inside]).max() <= 1  # rounding
        assert (one == one[..., :1]).all()
    assert turned[0, 0, 0].tolist() == [0, 0, 0]  # the corner came from outside
    if degrees == 90.0:
        assert turned[0, :, 0].max() == 0


class Draws:
    """A generator that remembers what it gave."""

    def __init__(self) -> None:
        self.rng, self.given = np.random.default_rng(3), []

    def __getattr__(self, name):
        def draw(*arguments):
            self.given.append((name, arguments, getattr(self.rng, name)(*arguments)))
            return self.given[-1][2]

        return draw


def sample_of_flat_frames(**more):
    video = type('Video', (), dict(height=60, width=80))()
    return dict(video=video, rng=Draws(), imgs=np.full((3, 60, 80, 3), 200, np.uint8), **more)


def test_a_clip_turns_as_a_whole_and_only_where_it_is_asked_to():
    still, turning = (sample_of_flat_frames() for _ in range(2))
    RandomCropFlip(size=32, area=(1.0, 1.0))(still)
    RandomCropFlip(size=32, area=(1.0, 1.0), rotation=10.0)(turning)
    plain, turned = still['rng'].given, turning['rng'].given
    expected = Draws()
    for _ in range(2):  # clip and I-frame
        random_resized_box(expected, 60, 80, (1.0, 1.0), (3 / 4, 4 / 3))
        expected.random()
    assert plain == expected.given  # nothing is drawn for a turn that nobody asks for
    assert turned[: len(plain)] == plain  # crop and flip stay what they were
    ((name, arguments, degrees),) = turned[len(plain) :]
    assert (name, arguments) == ('uniform', (-10.0, 10.0))
    assert 0 < abs(degrees) < 10
    assert (still['imgs'] == 200).all()
    assert turning['imgs'].min() < 100  # black came in at the corners
    assert all(np.array_equal(frame, turning['imgs'][0]) for frame in turning['imgs'])


def test_motion_does_not_turn():
    with pytest.raises(ValueError, match=r'rotation=10\.0 would turn the clip but not its motion'):
        RandomCropFlip(rotation=10.0)(sample_of_flat_frames(motion=np.zeros((1, 8, 4, 5, 2), np.int16)))
    for wrong in (-1.0, 181.0):
        with pytest.raises(ValueError, match='rotation='):
            RandomCropFlip(rotation=wrong)


def test_random_box_keeps_its_promises():
    rng = np.random.default_rng(0)
    shares, ratios = [], []
    for _ in range(2000):
        box = random_resized_box(rng, 240, 320, (0.2, 1.0), (3 / 4, 4 / 3))
        assert box.top >= 0
        assert box.left >= 0
        assert box.top + box.height <= 240
        assert box.left + box.width <= 320
        shares.append(box.height * box.width / (240 * 320))
        ratios.append(box.width / box.height)
    assert 0.19 < min(shares) < 0.22
    assert max(shares) > 0.9
    assert 0.74 < min(ratios) < 0.78
    assert 1.28 < max(ratios) < 1.35
    fixed = random_resized_box(rng, 112, 128, (0.643, 0.643), (1.0, 1.0))
    assert fixed[2:] == (96, 96)


def test_box_of_a_frame_too_narrow_for_the_ratio_is_central():
    assert random_resized_box(np.random.default_rng(0), 100, 10, (0.9, 1.0), (3 / 4, 4 / 3)) == Box(43, 0, 13, 10)


def test_centre_box():
    assert centre_box(240, 320, 112 / 128) == Box(15, 55, 210, 210)
