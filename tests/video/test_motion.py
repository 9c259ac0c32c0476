"""Known motion comes back as known vectors, with the documented sign, from every codec."""

import numpy as np
import pytest
from video_files import encode_clip

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, MotionField
from cmvl_mm.video.encode import write_video


def test_field_checks_its_shapes():
    with pytest.raises(ValueError, match='Hb'):
        MotionField(vectors=np.zeros((2, 3, 4, 2), np.int16), valid=np.zeros((2, 3, 3), bool), block=8)
    with pytest.raises(ValueError, match='1 reasons for 2 frames'):
        MotionField(np.zeros((2, 3, 4, 2), np.int16), np.zeros((2, 3, 4), bool), 8, ('an I-frame',))
    assert MotionField(np.zeros((2, 3, 4, 2), np.int16), np.zeros((2, 3, 4), bool), 8).missing == (None, None)


@pytest.mark.parametrize('displacement', [(3, -2), (-6, 4), (0.5, 1.5), (20, 10), (0, 0), (40, 0)])  # 160 is no int8
@pytest.mark.parametrize('block', [8, 16])
def test_a_pan_is_recovered_with_sign_and_half_pixels(tmp_path, displacement, block):
    pan = make_pan(displacement=displacement, num_frames=14, height=128, width=340)
    write_video(pan.frames, tmp_path / 'pan.mp4')
    with CompressedVideo(tmp_path / 'pan.mp4', block=block) as video:
        field = video.read(motion=range(14)).motion
    assert not field.valid[[0, 12]].any()
    assert [number for number, reason in enumerate(field.missing) if reason] == [0, 12]
    assert 'I-frame' in field.missing[12]
    p_frames = np.delete(np.arange(14), [0, 12])
    vectors, valid = field.vectors[p_frames], field.valid[p_frames]
    assert np.median(vectors[valid], axis=0).tolist() == [4 * part for part in displacement]
    assert valid.mean() > 0.9
    if displacement != (40, 0):  # of which the search finds too few at the edge
        edge = -1 if displacement[0] >= 0 else 0  # on the other side new content comes in
        assert np.median(vectors[:, :, edge, 0]) == 4 * displacement[0]


def test_quarter_pixels_of_h264(tmp_path):
    """x264 searches quarter pixels, in blocks of several sizes."""
    pan = make_pan(displacement=(1.25, -0.75), num_frames=10, height=128, width=160)
    options = {'x264-params': 'keyint=12:bframes=0:ref=1', 'crf': '10'}
    with CompressedVideo(encode_clip(tmp_path / 'pan.mp4', pan.frames, 'libx264', options)) as video:
        field = video.read(motion=range(1, 10)).motion
    assert np.median(field.vectors[field.valid], axis=0).tolist() == [5, -3]
