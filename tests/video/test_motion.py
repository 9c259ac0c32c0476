"""Known motion comes back as known vectors, with the documented sign, from every codec."""

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, MotionField
from cmvl_mm.video.container import CODECS_WITH_VECTORS
from cmvl_mm.video.encode import write_video


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
