"""Files that are legal but odd, larger than accepted, or lists of other files: read right, or refused."""

from fractions import Fraction

import av
import numpy as np
import pytest
from plain_decode import check_random_reads, decode_plainly, decode_reference
from video_files import encode_clip, remux

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.container import FORMATS
from cmvl_mm.video.decoder_options import MAX_SIDE
from cmvl_mm.video.encode import PROFILES, reencode

SIZE = (116, 84)  # width, height of the clips in conftest.py


@pytest.mark.parametrize(('suffix', 'codec'), [('.mp4', 'libx264'), ('.264', 'libx264'), ('.avi', 'ffv1')])
@pytest.mark.parametrize('width', [MAX_SIDE, MAX_SIDE + 16])
def test_sides_beyond_the_limit_are_refused_before_anything_is_read(tmp_path, suffix, codec, width):
    path = encode_clip(tmp_path / f'wide{suffix}', np.zeros((2, 16, width, 3), np.uint8), codec, {})
    if width == MAX_SIDE:
        with CompressedVideo(path) as video:
            assert video.read(rgb=[1]).rgb.shape == (1, 16, MAX_SIDE, 3)
        return
    with pytest.raises(VideoError, match=str(MAX_SIDE)) as caught:
        CompressedVideo(path)
    assert caught.value.stage == 'open'
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(('name', 'entry'), [('mpeg4', b'mp4v'), ('h264', b'avc1')])
def test_a_size_that_the_container_states_otherwise(clips, tmp_path, name, entry):
    """The codec's own header counts."""
    data = bytearray(clips(name).read_bytes())
    place = data.index(entry, data.index(b'stsd')) + 28
    assert data[place : place + 4] == b''.join(side.to_bytes(2, 'big') for side in SIZE)
    data[place : place + 4] = b''.join((side + 16).to_bytes(2, 'big') for side in SIZE)
    path = tmp_path / 'other.mp4'
    path.write_bytes(data)
    with CompressedVideo(path) as video:
        assert (video.width, video.height) == SIZE
        np.testing.assert_array_equal(video.read(rgb=[30]).rgb, decode_reference(clips(name))[0][[30]])


def test_the_formats_allowed_are_ffmpegs_and_name_no_other_files():
    allowed = set(FORMATS.split(','))
    assert allowed <= av.formats_available
    assert not allowed & {'hls', 'concat', 'dash', 'image2', 'sdp', 'rtsp', 'imf', 'tedcaptions', 'lavfi'}


@pytest.mark.parametrize(
    ('suffix', 'codec'),
    [
        ('.mp4', 'mpeg4'), ('.avi', 'mpeg4'), ('.m4v', 'mpeg4'), ('.mkv', 'libx264'), ('.264', 'libx264'),
        ('.webm', 'libvpx'),
    ],
)  # fmt: skip
def test_a_single_frame(tmp_path, suffix, codec):
    frames = make_pan(displacement=(1, 1), num_frames=1, height=64, width=80).frames
    path = encode_clip(tmp_path / f'one{suffix}', frames, codec, {})
    with CompressedVideo(path) as video:
        assert video.num_frames == 1
        assert video.keyframes.tolist() == [0]
        assert video.frame_types == 'I'
        rgb, motion = video.read(rgb=[0, 0], motion=[] if codec == 'libvpx' else [0])
        video.verify()
    assert np.array_equal(rgb[1], decode_plainly(path)[0].to_ndarray(format='rgb24'))
    assert not motion.valid.any()


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv'])
def test_a_variable_rate_and_a_rotation_change_neither_frames_nor_vectors(clips, tmp_path, suffix):
    times = np.cumsum([0, *np.random.default_rng(0).integers(1, 400, 39)]).tolist()

    def at_its_time(number, packet):
        packet.pts = packet.dts = times[number]
        packet.time_base = Fraction(1, 1000)
        return [packet]

    turn = lambda copy: copy.set_display_rotation(90)  # noqa: E731
    path = remux(clips('mpeg4'), tmp_path / f'odd{suffix}', at_its_time, prepare=turn)
    with av.open(str(path)) as container:
        assert abs(next(container.decode(video=0)).rotation) == 90
    np.testing.assert_array_equal(decode_reference(path)[0], decode_reference(clips('mpeg4'))[0])
    check_random_reads(path, motion=True)


def test_packets_that_share_a_time_stamp_are_prepared(clips, tmp_path):
    """Without times of their own, frames keep the stated rate."""
    stamps = []

    def sharing(number, packet):
        if number % 10 == 7:
            packet.pts = packet.dts = stamps[-1]
        stamps.append(packet.pts)
        return [packet]

    path = remux(clips('h264'), tmp_path / 'shared.mkv', sharing)
    target = tmp_path / 'out.mp4'
    assert reencode(path, target, profile=PROFILES['paper']) == 40
    with CompressedVideo(target) as video:
        assert video.num_frames == 40
        assert video.fps == 25
