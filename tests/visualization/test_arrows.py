"""Arrows point where the content moves, are as long as the movement, and unknown cells do not look still."""

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan, make_zoom
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.display import Orientation
from cmvl_mm.video.encode import write_video
from cmvl_mm.visualization.arrows import direction_colours, draw_vectors
from cmvl_mm.visualization.caption import captioned
from cmvl_mm.visualization.legends import STRIP, legend_of_directions, legend_of_values
from cmvl_mm.visualization.letters import text_dots

GREY = np.full((64, 64, 3), 100, np.uint8)


def colour_of(dx, dy):
    return direction_colours(np.array([[dx, dy]], np.float32))[0]


def drawn(frames, path, number, scale):
    write_video(frames, path)
    with CompressedVideo(path, block=16) as video:
        rgb, motion = video.read(rgb=[number], motion=[number])
    return draw_vectors(rgb[0], motion.vectors[0], motion.valid[0], block=16, scale=scale)


def pure(picture):
    """Pixels of full colour: the dimmed, greyed picture has none."""
    return picture[picture.max(axis=-1).astype(int) - picture.min(axis=-1) > 200].astype(float)


@pytest.mark.parametrize('displacement', [(4, 0), (-3, 5)])
def test_a_pan_is_drawn_in_the_colour_of_its_direction(tmp_path, displacement):
    frames = make_pan(displacement=displacement, num_frames=4, height=96, width=96).frames
    colours = pure(drawn(frames, tmp_path / 'pan.mp4', 2, scale=3))
    near = np.abs(colours - colour_of(*displacement)).max(axis=-1) < 40
    assert len(colours) > 500
    assert near.mean() > 0.9
    assert np.abs(colours - colour_of(-displacement[0], -displacement[1])).max(axis=-1).min() > 100


def test_a_zoom_points_outwards_in_every_quadrant(tmp_path):
    frames = make_zoom(rate=1.06, num_frames=4, height=160, width=160).frames
    picture = drawn(frames, tmp_path / 'zoom.mp4', 2, scale=2)
    for rows, dy in ((slice(0, 160), -1), (slice(160, 320), 1)):
        for columns, dx in ((slice(0, 160), -1), (slice(160, 320), 1)):
            colours = pure(picture[rows, columns])
            distances = {
                (x, y): np.abs(colours - colour_of(x, y)).sum(axis=-1).mean() for x in (-1, 1) for y in (-1, 1)
            }
            assert min(distances, key=distances.get) == (dx, dy)


def test_an_arrow_has_its_true_length_and_ends_where_the_content_is():
    vectors, valid = np.zeros((4, 4, 2), np.int16), np.zeros((4, 4), np.bool_)
    vectors[1, 2], valid[1, 2] = (80, 0), True  # 20 px to the right, to the cell whose middle is (40, 24)
    picture = draw_vectors(GREY, vectors, valid, block=16, scale=2)
    y, x = np.nonzero((picture == (255, 0, 0)).all(axis=-1))
    assert (x.min(), x.max()) == (40, 80)  # twice 20 ... 40
    assert abs(y.mean() - 48) < 1
    assert picture.shape == (128, 128, 3)
    assert not (draw_vectors(GREY, vectors, np.zeros_like(valid), block=16, scale=2) == (255, 0, 0)).all(axis=-1).any()


def test_a_cell_at_rest_has_a_dot_and_an_unknown_one_is_hatched():
    vectors, valid = np.zeros((4, 4, 2), np.int16), np.zeros((4, 4), np.bool_)
    valid[:2] = True
    picture = draw_vectors(GREY, vectors, valid, block=16)
    rest, unknown = picture[:32], picture[32:]
    dimmed = np.median(rest)
    assert dimmed < 100
    assert (rest != dimmed).any(axis=-1).sum() == 2 * 4
    assert 0.1 < (unknown != dimmed).any(axis=-1).mean() < 0.3


def test_a_grid_that_does_not_cover_the_picture_is_refused():
    with pytest.raises(ValueError, match=r'64x64 px has \(8, 8\) cells of 8 px, but valid is \(4, 4\)'):
        draw_vectors(GREY, np.zeros((4, 4, 2), np.int16), np.zeros((4, 4), np.bool_), block=8)


@pytest.mark.parametrize(
    ('name', 'value'), [('block', 0), ('block', 16.0), ('scale', 0), ('scale', 1.5), ('scale', True)]
)
def test_edges_and_scales_are_whole_numbers(name, value):
    with pytest.raises(ValueError, match=f'{name} is {value}. Give '):
        draw_vectors(GREY, np.zeros((4, 4, 2), np.int16), np.zeros((4, 4), np.bool_), **({'block': 16} | {name: value}))


def test_a_caption_holds_its_text_and_a_wheel_that_turns_with_the_picture():
    picture = np.zeros((40, 300, 3), np.uint8)
    strip = captioned(picture, 'I-frame', legend=legend_of_directions(2))[40:]
    dots = text_dots('I-FRAME').repeat(2, axis=0).repeat(2, axis=1)
    top = (STRIP - dots.shape[0]) // 2
    np.testing.assert_array_equal(strip[top : top + dots.shape[0], 6 : 6 + dots.shape[1], 0] > 100, dots)
    right = (STRIP // 2, 300 - 6 - 3)  # the right edge of the wheel
    assert np.abs(strip[right] - colour_of(1, 0).astype(int)).max() < 60
    turned = legend_of_directions(2, Orientation(False, False, True))
    mirrored = captioned(picture, 'I-frame', legend=turned)[40:]
    assert np.abs(mirrored[right] - colour_of(-1, 0).astype(int)).max() < 60


def test_a_ramp_stands_between_its_values_and_goes_before_the_text_is_cut():
    colours = np.stack([np.linspace(0, 255, 9), np.zeros(9), np.linspace(255, 0, 9)], axis=-1)
    legend = legend_of_values(colours, '0', '24')
    middle = legend[STRIP // 2]
    blue, red = (np.flatnonzero(middle[:, channel] == 255) for channel in (2, 0))
    assert blue.max() < red.min()
    assert not (middle[blue.min() : red.max(), 1] > 0).any()
    assert (legend[:, : blue.min()] > 100).any()  # the values
    assert (legend[:, red.max() + 1 :] > 100).any()
    letters = 6 * len('I-FRAME')
    room = {2 * letters: 2, letters: 1}  # px of text: its size
    for width, size in room.items():
        strip = captioned(np.zeros((9, width + 12 + legend.shape[1], 3), np.uint8), 'I-frame', legend=legend)[9:]
        np.testing.assert_array_equal(strip[:, -legend.shape[1] :], legend)
        assert (strip[:, : width + 6] > 100).any(axis=(1, 2)).sum() == 7 * size
    narrow = captioned(np.zeros((9, 6 + letters, 3), np.uint8), 'I-frame', legend=legend)[9:]
    np.testing.assert_array_equal(narrow, captioned(np.zeros((9, 6 + letters, 3), np.uint8), 'I-frame')[9:])
