"""Vectors of H.264 where the records alone do not tell: parts, lists, fields and crops, in streams written by hand."""

import numpy as np
import pytest
from h264_writer import MOVED, SIZE, mux, picture
from video_files import encode_clip, remux

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo


def read(path, number, block=8):
    with CompressedVideo(path, block=block) as video:
        field = video.read(motion=[number]).motion
    return field.vectors[0], field.valid[0], field.missing[0]


WHOLE = {'P': 0, 0: 1, 1: 2}  # mb_type of one vector: in P-slices, of list 0 and of list 1 in B-slices


TEXTURE = np.random.default_rng(0).integers(16, 235, (SIZE, SIZE))
START = [  # displayed first and last of three
    (0, picture('I', 0, 0, luma=TEXTURE, idr=True)),
    (2, picture('P', 1, 8, blocks=(WHOLE['P'], (0,), [(-16, -16)]))),
]


@pytest.mark.parametrize('suffix', ['.mkv', '.264'])
def test_a_part_without_list_0_has_no_vector_to_the_past(tmp_path, suffix):
    """B-macroblocks whose upper half is predicted from the past, and whose lower half from the future."""
    halves = 8, (0, 0), (MOVED, (8, 8))
    vectors, valid, missing = read(mux(tmp_path, [*START, (1, picture('B', 2, 4, blocks=halves))], suffix), 1)
    assert missing is None
    assert valid[0::2].all()
    assert not valid[1::2].any()
    assert (vectors[0::2] == 8).all()


@pytest.mark.parametrize('suffix', ['.mkv', '.264'])
@pytest.mark.parametrize('used', [0, 1])
def test_a_list_that_holds_past_and_future_tells_nothing(tmp_path, used, suffix):
    """The second entry of list 0 is displayed later; that of list 1, earlier."""
    blocks = WHOLE[used], (1,), [(8, 8) if used == 0 else MOVED]
    _, valid, missing = read(mux(tmp_path, [*START, (1, picture('B', 2, 4, refs=2, blocks=blocks))], suffix), 1)
    assert not valid.any()
    assert 'before and after' in missing


def test_list_1_is_the_past_where_the_lists_are_exchanged(tmp_path):
    """List 0 is changed to hold the picture displayed later, list 1 to hold the earlier one."""
    exchanged = [(0, 0)], [(0, 1)]  # the picture before in decoding order, and the one before that
    for used, vector in ((1, MOVED), (0, (8, 8))):
        between = picture('B', 2, 4, changes=exchanged, blocks=(WHOLE[used], (0,), [vector]))
        vectors, valid, missing = read(mux(tmp_path, [*START, (1, between)]), 1)
        assert (missing is None) == (used == 1)
        assert valid.all() == (used == 1)
        assert (vectors == (8 if used else 0)).all()


def test_a_p_frame_may_refer_to_what_is_displayed_after_it(tmp_path):
    after = picture('P', 2, 4, blocks=(WHOLE['P'], (0,), [(8, 8)]))
    path = mux(tmp_path, [*START, (1, after)])
    _, valid, missing = read(path, 1)
    assert not valid.any()
    assert 'after it' in missing
    before = picture('P', 2, 4, changes=([(0, 1)], ()), blocks=(WHOLE['P'], (0,), [MOVED]))
    vectors, _, missing = read(path, 2)
    assert missing is None
    assert (vectors == 16).all()
    vectors, _, missing = read(mux(tmp_path, [*START, (1, before)]), 1)
    assert missing is None
    assert (vectors == 8).all()


def pair(number, blocks, refs=1, **more):
    """A frame of two fields, the second after the first."""
    fields = [picture('P', number, 4 * number + 2 * k, refs=refs, blocks=blocks, bottom=k, **more) for k in range(2)]
    return number, b''.join(fields)


def test_field_pictures(tmp_path):
    """Vectors count field lines; with two entries, the parity of the reference is not told."""
    intra = b''.join(picture('I', 0, 2 * k, luma=TEXTURE[k::2], bottom=k, idr=not k) for k in range(2))
    half = WHOLE['P'], (0,), [(-8, -4)]
    path = mux(tmp_path, [(0, intra), pair(1, half), pair(2, half, refs=2)], fields=True)
    vectors, valid, missing = read(path, 1)
    assert missing is None
    assert valid.all()
    assert (vectors == 8).all()
    _, valid, missing = read(path, 2)
    assert not valid.any()
    assert 'fields' in missing

    first = picture('I', 0, 0, luma=TEXTURE[::2], bottom=0, idr=True)
    second = picture('P', 0, 2, blocks=half, bottom=1)
    _, valid, missing = read(mux(tmp_path, [(0, first + second), pair(1, half)], fields=True), 0)
    assert not valid.any()
    assert 'I-frame' in missing


@pytest.mark.parametrize(('left', 'top'), [(8, 0), (0, 8), (24, 16), (64, 0)])
def test_the_displayed_picture_counts(tmp_path, left, top):
    """Of a crop at left and at top, pixels and vectors are those of the whole picture from there on."""
    pan = make_pan(displacement=(3, -2), num_frames=10, height=96, width=160)
    options = {'crf': '10', 'x264-params': 'bframes=2:b-adapt=0'}
    whole = encode_clip(tmp_path / 'whole.ts', pan.frames, 'libx264', options)
    cropped = remux(whole, tmp_path / 'cropped.ts', bit_filter=f'h264_metadata=crop_left={left}:crop_top={top}')
    with CompressedVideo(whole) as video:
        rgb, field = video.read(rgb=range(10), motion=range(10))
    with CompressedVideo(cropped) as video:
        assert (video.width, video.height) == (160 - left, 96 - top)
        shown, moved = video.read(rgb=range(10), motion=range(10))
    np.testing.assert_array_equal(shown, rgb[:, top:, left:])
    np.testing.assert_array_equal(moved.vectors, field.vectors[:, top // 8 :, left // 8 :])
    np.testing.assert_array_equal(moved.valid, field.valid[:, top // 8 :, left // 8 :])
    assert field.valid[1:].mean() > 0.7
