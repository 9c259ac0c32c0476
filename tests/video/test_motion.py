"""rasterise(): exact by area, edge blocks kept, only the past, nothing clipped in silence."""

import numpy as np
import pytest

from cmvl_mm.video import CompressedVideo, MotionField
from cmvl_mm.video.container import CODECS_WITH_VECTORS
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.motion import grid_shape, rasterise
from cmvl_mm.video.synthetic import make_pan

# The fields of FFmpeg's AVMotionVector, with its padding.
RECORD = np.dtype(
    [
        ('source', '<i4'),
        ('w', 'u1'),
        ('h', 'u1'),
        ('src_x', '<i2'),
        ('src_y', '<i2'),
        ('dst_x', '<i2'),
        ('dst_y', '<i2'),
        ('flags', '<u8'),
        ('motion_x', '<i4'),
        ('motion_y', '<i4'),
        ('motion_scale', '<u2'),
    ],
    align=True,
)


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
    for top in range(0, height, 16):
        for left in range(0, width, 16):
            kind = rng.integers(5)
            w, h = [(16, 16), (16, 8), (8, 16), (8, 8), (0, 0)][kind]
            for down in range(0, 16, h) if h else ():
                for right in range(0, 16, w):
                    motion = rng.integers(-300, 300, 2)
                    source = 1 if rng.uniform() < 0.2 else -1
                    scale = rng.choice([2, 4])
                    records.append(block_at(left + right, top + down, w, h, motion, source=source, scale=scale))
    return np.concatenate(records)


@pytest.mark.parametrize('block', [4, 8, 12, 16, 32])
@pytest.mark.parametrize('size', [(256, 340), (241, 321), (16, 16), (84, 116)])
def test_mixed_blocks_equal_a_naive_painter(block, size):
    rng = np.random.default_rng(block)
    for _ in range(3):
        records = random_records(rng, *size)
        vectors, valid = rasterise(records, *size, block)
        expected = paint_naively(records, *size, block)
        np.testing.assert_array_equal(valid, expected[1])
        np.testing.assert_array_equal(vectors, expected[0])


@pytest.mark.parametrize('block', [4, 8, 16])
def test_the_fast_path_equals_a_naive_painter(block):
    """Macroblocks only, a third of them intra, right and bottom ones running past the frame."""
    rng = np.random.default_rng(0)
    records = np.concatenate(
        [
            block_at(left, top, 16, 16, rng.integers(-99, 99, 2), scale=2)
            for top in range(0, 250, 16)
            for left in range(0, 340, 16)
            if rng.uniform() < 0.67
        ]
    )
    vectors, valid = rasterise(records, 250, 340, block)
    expected = paint_naively(records, 250, 340, block)
    np.testing.assert_array_equal(valid, expected[1])
    np.testing.assert_array_equal(vectors, expected[0])


def test_sign_and_unit():
    """The block came from 3.5 px to the left and 1 px below: its content moved right and up."""
    vectors, valid = rasterise(block_at(0, 0, 16, 16, (-7, 2), scale=2), 16, 16, 16)
    assert vectors.tolist() == [[[14, -4]]]
    assert vectors.dtype == np.int16
    assert valid.all()


def test_four_small_blocks_average_by_area_and_intra_parts_do_not_count():
    records = np.concatenate([block_at(0, 0, 8, 16, (-40, 0)), block_at(8, 0, 8, 8, (-10, 0))])
    vectors, _ = rasterise(records, 16, 16, 16)
    assert vectors[0, 0].tolist() == [30, 0]  # (2 * 40 + 10) / 3; the empty quarter is left out
    vectors, valid = rasterise(records, 16, 16, 8)
    assert vectors[..., 0].tolist() == [[40, 10], [40, 0]]
    assert valid.tolist() == [[True, True], [True, False]]


def test_two_vectors_of_one_block_are_averaged():
    records = np.concatenate([block_at(0, 0, 16, 16, (-8, 0)), block_at(0, 0, 16, 16, (-16, 4))])
    for block in (8, 16):
        vectors, _ = rasterise(records, 16, 16, block)
        assert (vectors == [12, -2]).all()


def test_edge_blocks_are_kept():
    """At 340 px the last macroblock ends at 352, and at 8 px the grid ends at 344."""
    records = np.concatenate([block_at(336, 240, 16, 16, (-8, -4)), block_at(-8, 0, 16, 16, (-4, 0))])
    for block in (8, 16):
        vectors, valid = rasterise(records, 250, 340, block)
        assert valid.shape == grid_shape(250, 340, block)
        assert vectors[-1, -1].tolist() == [8, 4]
        assert vectors[0, 0].tolist() == [4, 0]


def test_only_references_to_the_past_count():
    past, future = block_at(0, 0, 16, 16, (-8, 0)), block_at(0, 0, 16, 16, (80, 80), source=1)
    for records in (np.concatenate([past, future]), np.concatenate([future, past])):
        vectors, valid = rasterise(records, 16, 16, 8)
        assert (vectors == [8, 0]).all()
        assert valid.all()
    vectors, valid = rasterise(future, 16, 16, 8)
    assert not valid.any()
    assert not vectors.any()


def test_long_vectors_survive_and_too_long_ones_raise():
    vectors, _ = rasterise(block_at(0, 0, 16, 16, (-4 * 500, 4 * 250)), 16, 16, 16)
    assert vectors.tolist() == [[[2000, -1000]]]  # 500 px right, 250 px up
    for motion in ((40_000, 0), (0, -40_000)):
        for size in ((16, 16), (8, 8)):
            with pytest.raises(ValueError, match='10000 px'):
                rasterise(block_at(0, 0, *size, motion), 16, 16, 8)
    with pytest.raises(ValueError, match='scale'):
        rasterise(block_at(0, 0, 16, 16, (1, 1), scale=0), 16, 16, 8)


def test_no_records():
    vectors, valid = rasterise(np.empty(0, RECORD), 33, 40, 16)
    assert vectors.shape == (3, 3, 2)
    assert not valid.any()


def test_the_result_holds_no_reference_to_the_records():
    records = block_at(0, 0, 16, 16, (-8, 0))
    vectors, valid = rasterise(records, 16, 16, 16)
    records['motion_x'] = 0
    assert vectors[0, 0, 0] == 8
    assert vectors.base is None
    assert valid.base is None


def test_field_checks_its_shapes():
    with pytest.raises(ValueError, match='Hb'):
        MotionField(vectors=np.zeros((2, 3, 4, 2), np.int16), valid=np.zeros((2, 3, 3), bool), block=8)


@pytest.mark.parametrize('displacement', [(3, -2), (-6, 4), (0.5, 1.5), (20, 10), (0, 0)])
@pytest.mark.parametrize('block', [8, 16])
def test_a_pan_is_recovered_with_sign_and_half_pixels(tmp_path, displacement, block):
    pan = make_pan(displacement=displacement, num_frames=14, height=128, width=340)
    write_video(pan.frames, tmp_path / 'pan.mp4')
    with CompressedVideo(tmp_path / 'pan.mp4', block=block) as video:
        _, field = video.read(motion=range(14))
    assert not field.valid[[0, 12]].any()  # I-frames
    p_frames = np.delete(np.arange(14), [0, 12])
    vectors, valid = field.vectors[p_frames], field.valid[p_frames]
    assert np.median(vectors[valid], axis=0).tolist() == [4 * part for part in displacement]
    assert valid.mean() > 0.9
    edge = -1 if displacement[0] >= 0 else 0  # on the other side new content comes in
    assert np.median(vectors[:, :, edge, 0]) == 4 * displacement[0]


@pytest.mark.parametrize(
    ('encoder', 'suffix', 'codec'),
    [
        ('mpeg1video', '.mpg', 'mpeg1video'),
        ('mpeg2video', '.ts', 'mpeg2video'),
        ('mpeg4', '.mp4', 'mpeg4'),
        ('libx264', '.mp4', 'h264'),
        ('h263', '.3gp', 'h263'),
        ('flv', '.flv', 'flv1'),
        ('msmpeg4v2', '.avi', 'msmpeg4v2'),
        ('msmpeg4', '.avi', 'msmpeg4v3'),
        ('wmv1', '.wmv', 'wmv1'),
        ('wmv2', '.wmv', 'wmv2'),
        ('rv10', '.rm', 'rv10'),
        ('rv20', '.rm', 'rv20'),
    ],
)
def test_vectors_of_every_codec_follow_a_pan(tmp_path, encode, encoder, suffix, codec):
    pan = make_pan(displacement=(3, -2), num_frames=10, height=144, width=176)  # QCIF: H.263 takes few sizes
    options = {'bf': '0', 'g': '30'}
    path = encode(tmp_path / f'pan{suffix}', pan.frames, encoder, options)
    assert codec in CODECS_WITH_VECTORS
    with CompressedVideo(path) as video:
        assert video.codec == codec
        p_frames = [number for number, kind in enumerate(video.frame_types) if kind == 'P']
        _, field = video.read(motion=p_frames)
        with CompressedVideo(path) as again:  # seeking in its container works too
            _, last = again.read(motion=p_frames[-1:])
    assert len(p_frames) > 5
    assert np.median(field.vectors[field.valid], axis=0).tolist() == [12, -8]
    np.testing.assert_array_equal(last.vectors[0], field.vectors[-1])


def test_quarter_pixels_of_h264(tmp_path, encode):
    """x264 searches quarter pixels, in blocks of several sizes."""
    pan = make_pan(displacement=(1.25, -0.75), num_frames=10, height=128, width=160)
    path = tmp_path / 'pan.mp4'
    encode(path, pan.frames, 'libx264', {'x264-params': 'keyint=12:bframes=0:ref=1', 'crf': '10'})
    with CompressedVideo(path) as video:
        _, field = video.read(motion=range(1, 10))
    assert np.median(field.vectors[field.valid], axis=0).tolist() == [5, -3]


def test_vectors_of_b_frames_point_to_the_past_only(clips):
    """The content of the clip moves by (3, -2) px per frame; seen from the future it would move backwards."""
    with CompressedVideo(clips('h264_b')) as video:
        b_frames = [number for number in range(1, 18) if video.frame_types[number] == 'B']
        _, field = video.read(motion=b_frames)
    assert len(b_frames) > 5
    per_frame = np.median(field.vectors[field.valid], axis=0) / 4
    assert per_frame[0] in (3, 6, 9)  # the reference lies one to three frames back
    assert per_frame[1] == -per_frame[0] * 2 / 3


def test_a_fast_pan_gives_vectors_beyond_int8(tmp_path):
    """40 px per frame are 160 quarter pixels."""
    pan = make_pan(displacement=(40, 0), num_frames=8, height=256, width=340)
    write_video(pan.frames, tmp_path / 'pan.mp4')
    with CompressedVideo(tmp_path / 'pan.mp4', block=16) as video:
        _, field = video.read(motion=range(1, 8))
    assert np.median(field.vectors[field.valid], axis=0).tolist() == [160, 0]
