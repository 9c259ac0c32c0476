"""Which records are real, and where those of fields lie."""

import numpy as np
import pytest
from video_files import encode_clip

from cmvl_mm.bitstream.claims import Trust
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.macroblocks import Kinds
from cmvl_mm.video.raster import RECORD, rasterise
from cmvl_mm.video.records import in_frame_lines, without_fields, without_phantoms, without_unsure_zeros


def record(left, top, width, height, motion, source=-1):
    """Corner and size in px, motion in quarter pixels as FFmpeg counts it."""
    made = np.zeros(1, RECORD)
    made['source'], made['w'], made['h'], made['motion_scale'] = source, width, height, 4
    made['dst_x'], made['dst_y'] = left + width // 2, top + height // 2
    made['motion_x'], made['motion_y'] = motion
    return made


def kinds(field, skipped=()):
    """Of a pair of macroblocks, one above the other."""
    return Kinds(*(np.array([[number in rows] for number in range(2)]) for rows in (field, skipped)))


def paint(records, **select):
    vectors, valid = rasterise([records], 32, 16, 16, **select)
    return vectors[0, :, 0].tolist(), valid[0, :, 0].tolist()


def test_a_field_macroblock_covers_every_second_line_of_its_pair():
    top, bottom = record(0, 0, 16, 16, (-8, -4)), record(0, 16, 16, 16, (-16, -8))
    both = np.concatenate([top, bottom])
    for trust, skipped in ((Trust.ALL, ()), (Trust.SKIPPED, (0, 1))):
        moved = in_frame_lines(both, kinds((0, 1), skipped), trust)
        assert paint(moved) == ([[12, 12]] * 2, [True, True])  # the mean of both fields, lines counted twice
    assert paint(in_frame_lines(top, kinds((0, 1)), Trust.ALL)) == ([[8, 8]] * 2, [True, True])
    assert paint(in_frame_lines(both, kinds((0, 1), (1,)), Trust.SKIPPED)) == ([[16, 16]] * 2, [True, True])
    assert not len(in_frame_lines(both, kinds((0, 1), (0, 1)), Trust.NONE))
    assert paint(in_frame_lines(both, kinds(()), Trust.NONE)) == ([[8, 4], [16, 8]], [True, True])


def test_halves_of_field_macroblocks_count_frame_lines_already():
    halves = np.concatenate([record(0, 0, 16, 8, (-8, -4)), record(0, 8, 16, 8, (-16, -8))])
    moved = in_frame_lines(halves, kinds((0,)), Trust.ALL)
    assert paint(moved) == ([[8, 4], [16, 8]], [True, True])
    quarters = in_frame_lines(record(8, 8, 8, 8, (-8, -4)), kinds((0,)), Trust.ALL)
    assert paint(quarters) == ([[0, 0], [8, 8]], [False, True])


def test_a_zero_of_a_part_counts_only_without_one_of_list_1_at_its_place():
    def count(*records, frames=(0,) * 4):
        records = np.concatenate(records)
        past = records['source'] < 0
        return without_phantoms(records, np.array(frames[: len(records)], np.int32), past).tolist()

    zero, moved, later = (
        record(0, 0, 16, 8, motion, source) for motion, source in (((0, 0), -1), ((4, 0), -1), ((4, 0), 1))
    )
    assert count(zero, later) == [False, False]
    assert count(moved, later) == [True, False]
    assert count(zero, record(0, 8, 16, 8, (0, 0), 1)) == [True, False]
    assert count(zero, later, frames=(0, 1)) == [True, False]
    assert count(record(0, 0, 16, 16, (0, 0)), record(0, 0, 16, 16, (4, 4), 1)) == [True, False]
    assert count(zero, moved) == [True, True]
    assert paint(np.concatenate([zero, later, record(0, 16, 16, 16, (0, 4))]), select=without_phantoms) == (
        [[0, 0], [0, -4]],
        [False, True],
    )


def test_blocks_that_are_wider_than_high_are_fields_in_mpeg4():
    records = np.concatenate([record(0, 0, 16, 8, (4, 4)), record(0, 16, 16, 16, (4, 4)), record(0, 16, 8, 8, (4, 4))])
    frame, past = np.zeros(3, np.int32), np.ones(3, bool)
    assert without_fields(records, frame, past).tolist() == [False, True, True]
    assert without_fields(records[1:], frame[1:], past[1:]) is not None


def test_zeros_count_in_wmv2_only_where_nothing_is_coded():
    records = np.concatenate(
        [record(0, 0, 16, 16, (0, 0)), record(0, 16, 16, 16, (0, 0)), record(0, 0, 16, 16, (1, 0))]
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
        _, field = video.read(motion=range(1, 5))
    assert (field.vectors[:, :, :6] == 0).all()
    assert field.valid[:, :, :6].mean() > 0.95 if still else not field.valid[:, :, :6].any()
    assert field.valid[:, :, 6:].mean() < 0.5
