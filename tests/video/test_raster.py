"""Which records are real, and rasterise(): exact by area, edge blocks kept, only the past, nothing clipped silently."""

import numpy as np
import pytest
from video_files import encode_clip

from cmvl_mm.bitstream.claims import Trust
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.columns import RECORD, columns_of
from cmvl_mm.video.macroblocks import Kinds
from cmvl_mm.video.motion import grid_shape
from cmvl_mm.video.raster import rasterise
from cmvl_mm.video.records import in_frame_lines, without_fields, without_phantoms, without_unsure_zeros


def paint(records, height, width, block):
    """One frame's vectors and validity."""
    vectors, valid = rasterise([records], height, width, block)
    return vectors[0], valid[0]


def block_at(left, top, width, height, motion, *, source=-1, scale=4):
    """One record: the block's top left corner and size in px; motion as FFmpeg counts it."""
    record = np.zeros(1, RECORD)
    record['source'], record['w'], record['h'] = source, width, height
    record['dst_x'], record['dst_y'] = left + width // 2, top + height // 2
    record['motion_x'], record['motion_y'] = motion
    record['motion_scale'] = scale
    return record


def paint_naively(records, height, width, block):
    """Block by block on a full-resolution map, then the mean of the painted pixels of each cell."""
    total, count = np.zeros((height, width, 2)), np.zeros((height, width))
    for record in records:
        if record['source'] >= 0:
            continue
        x, y, w, h = (int(record[name]) for name in ('dst_x', 'dst_y', 'w', 'h'))
        left, top = x - w // 2, y - h // 2
        rows = slice(max(top, 0), max(top + h, 0))
        columns = slice(max(left, 0), max(left + w, 0))
        quarters = [-4 * int(record[f'motion_{axis}']) / int(record['motion_scale']) for axis in 'xy']
        total[rows, columns] += quarters
        count[rows, columns] += 1
    shape = -(-height // block), -(-width // block)
    vectors, valid = np.zeros((*shape, 2)), np.zeros(shape, bool)
    for row in range(shape[0]):
        for column in range(shape[1]):
            cell = np.s_[row * block : (row + 1) * block, column * block : (column + 1) * block]
            if count[cell].any():
                valid[row, column] = True
                vectors[row, column] = np.rint(total[cell].sum((0, 1)) / count[cell].sum())
    return vectors, valid


def random_records(rng, height, width):
    """Macroblocks over the whole frame and past its edges: whole, halved, quartered, or absent (intra)."""
    records = [np.empty(0, RECORD)]
    first = rng.choice([0, -8])
    for top in range(first, height, 16):
        for left in range(first, width, 16):
            kind = rng.integers(5)
            w, h = [(16, 16), (16, 8), (8, 16), (8, 8), (0, 0)][kind]
            for down in range(0, 16, h) if h else ():
                for right in range(0, 16, w):
                    motion = rng.integers(-300, 300, 2)
                    source = 1 if rng.uniform() < 0.2 else -1
                    scale = rng.choice([2, 4])
                    records.append(block_at(left + right, top + down, w, h, motion, source=source, scale=scale))
    return np.concatenate(records)


def whole_macroblocks(rng, height, width):
    """A third of them intra, right and bottom ones running past the frame: what the fast path paints."""
    places = [(top, left) for top in range(0, height, 16) for left in range(0, width, 16) if rng.uniform() < 0.67]
    blocks = [block_at(left, top, 16, 16, rng.integers(-99, 99, 2), scale=2) for top, left in places]
    return np.concatenate([np.empty(0, RECORD), *blocks])


@pytest.mark.parametrize('make', [random_records, whole_macroblocks])
@pytest.mark.parametrize('block', [4, 8, 12, 16, 32])
@pytest.mark.parametrize('size', [(256, 340), (241, 321), (16, 16), (84, 116)])
def test_blocks_equal_a_naive_painter(make, block, size):
    rng = np.random.default_rng(block)
    for _ in range(3):
        records = make(rng, *size)
        vectors, valid = paint(records, *size, block)
        assert valid.shape == grid_shape(*size, block)
        expected = paint_naively(records, *size, block)
        np.testing.assert_array_equal(valid, expected[1])
        np.testing.assert_array_equal(vectors, expected[0])


def test_sign_and_unit_of_a_result_of_its_own():
    """The block came from 3.5 px to the left and 1 px below: its content moved right and up."""
    vectors, valid = paint(block_at(0, 0, 16, 16, (-7, 2), scale=2), 16, 16, 16)
    assert vectors.tolist() == [[[14, -4]]]
    assert vectors.dtype == np.int16
    assert valid.all()
    records = block_at(0, 0, 16, 16, (-8, 0))
    vectors, _ = paint(records, 16, 16, 16)
    records['motion_x'] = 0
    assert vectors[0, 0, 0] == 8


def test_blocks_average_by_area_and_intra_parts_do_not_count():
    records = np.concatenate([block_at(0, 0, 8, 16, (-40, 0)), block_at(8, 0, 8, 8, (-10, 0))])
    vectors, _ = paint(records, 16, 16, 16)
    assert vectors[0, 0].tolist() == [30, 0]  # (2 * 40 + 10) / 3; the empty quarter is left out
    vectors, valid = paint(records, 16, 16, 8)
    assert vectors[..., 0].tolist() == [[40, 10], [40, 0]]
    assert valid.tolist() == [[True, True], [True, False]]
    twice = np.concatenate([block_at(0, 0, 16, 16, (-8, 0)), block_at(0, 0, 16, 16, (-16, 4))])
    for block in (8, 16):
        assert (paint(twice, 16, 16, block)[0] == [12, -2]).all()


def test_only_references_to_the_past_count():
    past, future = block_at(0, 0, 16, 16, (-8, 0)), block_at(0, 0, 16, 16, (80, 80), source=1)
    for records in (np.concatenate([past, future]), np.concatenate([future, past])):
        vectors, valid = paint(records, 16, 16, 8)
        assert (vectors == [8, 0]).all()
        assert valid.all()
    vectors, valid = paint(future, 16, 16, 8)
    assert not valid.any()
    assert not vectors.any()


def test_long_vectors_survive_and_too_long_ones_raise():
    vectors, _ = paint(block_at(0, 0, 16, 16, (-4 * 500, 4 * 250)), 16, 16, 16)
    assert vectors.tolist() == [[[2000, -1000]]]  # 500 px right, 250 px up
    for motion in ((40_000, 0), (0, -40_000)):
        for size in ((16, 16), (8, 8)):
            with pytest.raises(ValueError, match='10000 px'):
                paint(block_at(0, 0, *size, motion), 16, 16, 8)
    with pytest.raises(ValueError, match='scale'):
        paint(block_at(0, 0, 16, 16, (1, 1), scale=0), 16, 16, 8)


@pytest.mark.parametrize('block', [8, 12, 16])
def test_a_group_of_frames_equals_each_alone(block):
    """On the fast path and on the general one, with frames that have no records in between."""
    rng, nothing = np.random.default_rng(0), np.empty(0, RECORD)
    macroblocks = [block_at(16 * i, 16 * i, 16, 16, rng.integers(-99, 99, 2)) for i in range(4)]
    for frames in (
        [],
        [nothing],
        [macroblocks[0], nothing, np.concatenate(macroblocks[1:3]), macroblocks[3]],
        [random_records(rng, 60, 76) for _ in range(3)],
    ):
        vectors, valid = rasterise(frames, 60, 76, block)
        assert vectors.shape == (*valid.shape, 2) == (len(frames), *grid_shape(60, 76, block), 2)
        for number, frame in enumerate(frames):
            alone = paint(frame, 60, 76, block)
            assert alone[1].any() == bool(len(frame))
            np.testing.assert_array_equal(vectors[number], alone[0])
            np.testing.assert_array_equal(valid[number], alone[1])


def test_blocks_outside_the_frame_and_without_area_paint_nothing():
    """FFmpeg writes vectors of whole macroblocks: at 340 px, an 8 px block at 344 lies outside."""
    outside = block_at(344, 0, 8, 8, (-8, 0))
    empty = block_at(0, 0, 0, 0, (-8, 0))
    inside = block_at(0, 0, 8, 8, (-16, 0))
    for records in (outside, empty, np.concatenate([outside, empty])):
        vectors, valid = paint(records, 256, 340, 8)
        assert not vectors.any()
        assert not valid.any()
    vectors, valid = paint(np.concatenate([outside, inside]), 256, 340, 8)
    assert valid.sum() == 1
    assert vectors[0, 0].tolist() == [16, 0]


def kinds(field, skipped=()):
    """Of a pair of macroblocks, one above the other."""
    return Kinds(*(np.array([[number in rows] for number in range(2)]) for rows in (field, skipped)))


def column(records, **select):
    """Of two macroblocks, one above the other."""
    vectors, valid = rasterise([records], 32, 16, 16, **select)
    return vectors[0, :, 0].tolist(), valid[0, :, 0].tolist()


def test_a_field_macroblock_covers_every_second_line_of_its_pair():
    top, bottom = block_at(0, 0, 16, 16, (-8, -4)), block_at(0, 16, 16, 16, (-16, -8))
    both = np.concatenate([top, bottom])
    for trust, skipped in ((Trust.ALL, ()), (Trust.SKIPPED, (0, 1))):
        moved = in_frame_lines(both, kinds((0, 1), skipped), trust)
        assert column(moved) == ([[12, 12]] * 2, [True, True])  # the mean of both fields, lines counted twice
    assert column(in_frame_lines(top, kinds((0, 1)), Trust.ALL)) == ([[8, 8]] * 2, [True, True])
    assert column(in_frame_lines(both, kinds((0, 1), (1,)), Trust.SKIPPED)) == ([[16, 16]] * 2, [True, True])
    assert not len(in_frame_lines(both, kinds((0, 1), (0, 1)), Trust.NONE))
    assert column(in_frame_lines(both, kinds(()), Trust.NONE)) == ([[8, 4], [16, 8]], [True, True])


def test_halves_of_field_macroblocks_count_frame_lines_already():
    halves = np.concatenate([block_at(0, 0, 16, 8, (-8, -4)), block_at(0, 8, 16, 8, (-16, -8))])
    moved = in_frame_lines(halves, kinds((0,)), Trust.ALL)
    assert column(moved) == ([[8, 4], [16, 8]], [True, True])
    quarters = in_frame_lines(block_at(8, 8, 8, 8, (-8, -4)), kinds((0,)), Trust.ALL)
    assert column(quarters) == ([[0, 0], [8, 8]], [False, True])


def test_a_zero_of_a_part_counts_only_without_one_of_list_1_at_its_place():
    def count(*records, frames=(0,) * 4):
        records = np.concatenate(records)
        return without_phantoms(columns_of(records), np.array(frames[: len(records)], np.int32)).tolist()

    zero, moved, later = (
        block_at(0, 0, 16, 8, motion, source=source) for motion, source in (((0, 0), -1), ((4, 0), -1), ((4, 0), 1))
    )
    assert count(zero, later) == [False, False]
    assert count(moved, later) == [True, False]
    assert count(zero, block_at(0, 8, 16, 8, (0, 0), source=1)) == [True, False]
    assert count(zero, later, frames=(0, 1)) == [True, False]
    assert count(block_at(0, 0, 16, 16, (0, 0)), block_at(0, 0, 16, 16, (4, 4), source=1)) == [True, False]
    assert count(zero, moved) == [True, True]
    assert column(np.concatenate([zero, later, block_at(0, 16, 16, 16, (0, 4))]), select=without_phantoms) == (
        [[0, 0], [0, -4]],
        [False, True],
    )


def test_blocks_that_are_wider_than_high_are_fields_in_mpeg4():
    records = [block_at(0, top, width, height, (4, 4)) for top, width, height in ((0, 16, 8), (16, 16, 16), (16, 8, 8))]
    records, frame = np.concatenate(records), np.zeros(3, np.int32)
    assert without_fields(columns_of(records), frame).tolist() == [False, True, True]
    assert without_fields(columns_of(records[1:]), frame[1:]).tolist() == [True, True]


def test_zeros_count_in_wmv2_only_where_nothing_is_coded():
    records = np.concatenate(
        [block_at(0, 0, 16, 16, (0, 0)), block_at(0, 16, 16, 16, (0, 0)), block_at(0, 0, 16, 16, (1, 0))]
    )
    assert without_unsure_zeros(records, kinds((), (1,)))['dst_y'].tolist() == [24, 8]
    assert len(without_unsure_zeros(records, None)) == 1


@pytest.mark.parametrize(
    ('encoder', 'suffix', 'still'),
    [('wmv1', '.wmv', True), ('mpeg4', '.mp4', True), ('h263', '.avi', True), ('wmv2', '.wmv', False)],
)
def test_intra_blocks_have_no_vectors(tmp_path, encoder, suffix, still):
    """A still picture, of which the right half is new in every frame; FFmpeg's encoder of WMV2 skips no macroblock."""
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 255, (1, 144, 176, 3), np.uint8), 5, axis=0)
    frames[:, :, 96:] = rng.integers(0, 255, (5, 144, 80, 3), np.uint8)
    path = encode_clip(
        tmp_path / f'new{suffix}', frames, encoder, {'qmin': '2', 'qmax': '2', 'b': '100000000', 'g': '12'}
    )
    with CompressedVideo(path, block=16) as video:
        field = video.read(motion=range(1, 5)).motion
    assert (field.vectors[:, :, :6] == 0).all()
    assert field.valid[:, :, :6].mean() > 0.95 if still else not field.valid[:, :, :6].any()
    assert field.valid[:, :, 6:].mean() < 0.5
