"""Pictures are prepared as they are meant to be shown: upright, not mirrored, and in their shape."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from video_files import encode_clip, remux

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.display import UPRIGHT, Orientation, display_size, orientation
from cmvl_mm.video.encode import PROFILES, reencode, write_video

ONE = 1 << 16
EIGHT = [  # (a, b, c, d) of x' = a x + c y, y' = b x + d y
    (1, 0, 0, 1),
    (-1, 0, 0, 1),
    (1, 0, 0, -1),
    (-1, 0, 0, -1),
    (0, 1, 1, 0),
    (0, -1, 1, 0),
    (0, 1, -1, 0),
    (0, -1, -1, 0),
]


def matrix(a: float, b: float, c: float, d: float) -> list[int]:
    return [round(a * ONE), round(b * ONE), 0, round(c * ONE), round(d * ONE), 0, 0, 0, 1 << 30]


def moved(picture: np.ndarray, a: int, b: int, c: int, d: int) -> np.ndarray:
    """Every pixel put where the matrix says, one by one; the result begins at (0, 0)."""
    places = {(a * x + c * y, b * x + d * y): picture[y, x] for y, x in np.ndindex(picture.shape[:2])}
    left, top = min(x for x, _ in places), min(y for _, y in places)
    width, height = 1 + max(x for x, _ in places) - left, 1 + max(y for _, y in places) - top
    rows = [[places[x + left, y + top] for x in range(width)] for y in range(height)]
    return np.array(rows, np.uint8)


def with_matrix(source: Path, path: Path, entries: list[int]) -> Path:
    """A copy whose container holds this display matrix."""
    return remux(source, path, prepare=lambda copy: copy.set_display_matrix(entries))


@pytest.mark.parametrize('entries', EIGHT)
def test_each_orientation_puts_every_pixel_where_the_matrix_says(entries):
    picture = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    upright = orientation(np.array(matrix(*entries), np.int32)).upright(picture)
    np.testing.assert_array_equal(upright, moved(picture, *entries))


@pytest.mark.parametrize('entries', EIGHT)
def test_each_orientation_is_baked_in(tmp_path, entries):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:32, :48], picture[:32, 48:], picture[32:, :48] = (220, 30, 30), (30, 220, 30), (30, 30, 220)
    write_video(np.stack([picture] * 3), tmp_path / 'plain.mp4')
    source = with_matrix(tmp_path / 'plain.mp4', tmp_path / 'turned.mp4', matrix(*entries))
    reencode(source, tmp_path / 'out.mp4', profile=PROFILES['paper'])
    with CompressedVideo(tmp_path / 'out.mp4') as video:
        seen = video.read(rgb=[2]).rgb[0]
    expected = moved(picture, *entries)
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected).mean() < 5
    with av.open(str(tmp_path / 'out.mp4')) as result:
        assert 'DISPLAYMATRIX' not in next(result.decode(video=0)).side_data


@pytest.mark.parametrize(
    'entries',
    [(0.8, 0.6, -0.6, 0.8), (1, 0, 0.5, 1), (1, 0, 0, 2), (0, 1, -2, 0), (1, 1, 1, 1), (0, 0, 0, 0), (1, 0, 0, 0)],
    ids=['37 degrees', 'shear', 'stretch', 'turn and stretch', 'flat', 'zero', 'line'],
)
def test_other_matrices_are_refused_with_a_remedy(tmp_path, entries):
    write_video(np.zeros((2, 32, 32, 3), np.uint8), tmp_path / 'plain.mp4')
    source = with_matrix(tmp_path / 'plain.mp4', tmp_path / 'odd.mp4', matrix(*entries))
    with pytest.raises(VideoError, match='display matrix') as caught:
        reencode(source, tmp_path / 'out.mp4', profile=PROFILES['paper'])
    assert caught.value.stage == 'encode'
    assert 'upright with another program' in caught.value.remedy
    assert not (tmp_path / 'out.mp4').exists()


def test_a_matrix_written_with_rounding_is_the_turn_that_it_means_and_pixels_become_square_first():
    quarter = orientation(np.array(matrix(0, 1, -1, 0), np.int32))
    assert orientation(np.array(matrix(0.001, 0.9999, -1, 0.002), np.int32)) == quarter
    assert orientation(np.array(matrix(0, 0.5, -0.5, 0), np.int32)) == quarter
    assert orientation(np.array(matrix(2, 0, 0, 2), np.int32)) == UPRIGHT
    turned = Orientation(transposed=True, mirrored=True)
    assert display_size(720, 576, Fraction(16, 15), UPRIGHT) == (768, 576)
    assert display_size(720, 480, Fraction(8, 9), UPRIGHT) == (640, 480)
    assert display_size(720, 576, Fraction(16, 15), turned) == (576, 768)
    assert display_size(720, 576, None, turned) == (576, 720)


def make_disc(path: Path, pixel_shape: Fraction, *, turned: bool = False) -> Path:
    """A white disc on black, round when shown: 144 px high, on 240x160 pixels of this shape."""
    height, width = 160, 240
    y, x = np.mgrid[:height, :width]
    inside = ((x - width / 2) * float(pixel_shape)) ** 2 + (y - height / 2) ** 2 < 72**2
    picture = np.repeat(np.where(inside, 235, 16).astype(np.uint8)[..., None], 3, axis=2)

    def prepare(stream):
        stream.codec_context.sample_aspect_ratio = pixel_shape
        if turned:
            stream.set_display_rotation(90)

    return encode_clip(path, np.stack([picture] * 2), 'libx264', {'qp': '10'}, prepare=prepare)


def shown_shape(path: Path) -> float:
    """Width : height of the disc in a player, which follows the file's shape of pixels."""
    with CompressedVideo(path) as video:
        bright = video.read(rgb=[0]).rgb[0][..., 1] > 128
    with av.open(str(path)) as container:
        pixel_shape = float(container.streams.video[0].sample_aspect_ratio or 1)
    y, x = np.nonzero(bright)
    return float(x.std() / y.std() * pixel_shape)


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv'])
@pytest.mark.parametrize('pixel_shape', [Fraction(64, 45), Fraction(8, 9), Fraction(1)])
@pytest.mark.parametrize('turned', [False, True])
def test_a_disc_stays_round_in_every_profile(tmp_path, suffix, pixel_shape, turned):
    source = make_disc(tmp_path / f'disc{suffix}', pixel_shape, turned=turned)
    for name, profile in PROFILES.items():
        target = tmp_path / f'{name}.mp4'
        reencode(source, target, profile=profile)
        assert shown_shape(target) == pytest.approx(1, abs=0.02), name
        with av.open(str(target)) as container:
            stream = container.streams.video[0]
            if profile.size is None:
                assert stream.sample_aspect_ratio in (None, 1), name
            else:
                assert (stream.width, stream.height) == profile.size


def test_the_shape_of_pixels_is_stated_where_it_counts_in_numbers_that_the_header_holds(tmp_path):
    """4:3 in 340x256, as UCF101, is 0.4 % off."""
    write_video(np.zeros((2, 240, 320, 3), np.uint8), tmp_path / 'source.mp4')
    reencode(tmp_path / 'source.mp4', tmp_path / 'out.mp4', profile=PROFILES['coviar'])
    assert b'pasp' not in (tmp_path / 'out.mp4').read_bytes()
    rng = np.random.default_rng(0)
    for width, height in [(8192, 16), (16, 8192), *rng.integers(16, 4000, (200, 2)).tolist()]:
        size, shape = PROFILES['coviar'].target(width, height)
        assert max(shape.numerator, shape.denominator) <= 255
        if 0.01 < width / height < 100:
            assert float(shape) * size[0] / size[1] == pytest.approx(width / height, rel=0.011)
