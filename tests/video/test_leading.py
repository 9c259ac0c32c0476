"""Files that begin inside a stream: leading pictures that need the key frame alone are sound, others are lost."""

import numpy as np
import pytest
from h264_writer import SIZE, mux, picture
from plain_decode import decode_plainly
from video_files import encode_clip, packets_of

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import PROFILES, reencode

STEP = 3  # px a frame
PAN = make_pan(displacement=(STEP, 0), num_frames=30, height=64, width=96)
HEVC = 'keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0:log-level=none:pools=none:frame-threads=1'


@pytest.mark.parametrize('before', [0, 1, 6])
def test_leading_pictures_of_hevc_that_need_the_key_frame_alone(tmp_path, before):
    """An IDR picture with RADL pictures; packets before it are passed over. All frames from it on are there, sound."""
    whole = encode_clip(tmp_path / 'whole.hevc', PAN.frames, 'libx265', {'x265-params': f'{HEVC}:open-gop=0:radl=2'})
    packets = packets_of(whole)
    # Of slices of IDR pictures with leading ones (ITU-T H.265, Table 7-1).
    key = next(number for number, data in enumerate(packets) if number and b'\0\0\1\x26' in data)
    cut = tmp_path / 'cut.hevc'
    cut.write_bytes(b''.join(packets[key - before :]))
    expected = PAN.frames[key:]
    plain = np.stack([frame.to_ndarray(format='rgb24') for frame in decode_plainly(cut)])
    assert len(plain) == len(expected)
    with CompressedVideo(cut) as video:
        video.verify()
        assert video.num_frames == len(expected)
        assert video.keyframes[0] != 0, 'no picture is displayed before the first key frame'
        for number in reversed(range(len(expected))):
            (found,) = video.read(rgb=[number]).rgb
            np.testing.assert_array_equal(found, plain[number])
            errors = [np.abs(found.astype(int) - picture).mean() for picture in PAN.frames]
            assert np.argmin(errors) == key + number
    assert reencode(cut, tmp_path / 'out.mp4', profile=PROFILES['paper']) == len(expected)


def test_b_frames_of_a_closed_gop_of_mpeg2(tmp_path):
    """The cut GOP is declared closed (ISO/IEC 13818-2, 6.3.8): its first B-frames come from the key frame alone."""
    still = PAN.frames.copy()
    still[10:13] = still[12]  # so that they can be predicted from it
    whole = encode_clip(tmp_path / 'whole.m2v', still, 'mpeg2video', {'bf': '2', 'g': '12', 'qmin': '2', 'qmax': '2'})
    data = b''.join(packets_of(whole)[10:])
    assert data.startswith(b'\0\0\1\xb3')
    at = data.index(b'\0\0\1\xb8') + 7
    cut = tmp_path / 'cut.m2v'
    for closed, lost in ((True, 0), (False, 2)):
        flags = 0x40 if closed else 0
        cut.write_bytes(data[:at] + bytes([data[at] & ~0x60 | flags]) + data[at + 1 :])
        frames = len(decode_plainly(cut))
        with CompressedVideo(cut) as video:
            video.verify()
            assert video.num_frames == frames == 20 - lost
        assert reencode(cut, tmp_path / 'out.mp4', profile=PROFILES['paper']) == frames


def test_b_frames_of_h264_before_an_idr_picture(tmp_path):
    """Behind an IDR picture nothing older is left (ITU-T H.264, 8.2.5.1), whatever is displayed before it."""
    luma = (np.indices((SIZE, SIZE)).sum(axis=0) * 5 % 200 + 20).astype(np.uint8)
    pictures = [(2, picture('I', 0, 0, luma=luma, idr=True))]
    pictures += [(number, picture('B', 1, 2 * number - 4, blocks=(1, (0,), [(-8, 0)]))) for number in range(2)]
    pictures += [
        (number, picture('P', number - 2, 2 * number - 4, blocks=(0, (0,), [(0, 0)]))) for number in range(3, 7)
    ]
    for suffix in ('.264', '.mkv'):
        path = mux(tmp_path, list(pictures), suffix)
        frames = decode_plainly(path)
        assert len(frames) == 7
        assert [frame.key_frame for frame in frames] == [False, False, True] + [False] * 4
        with CompressedVideo(path) as video:
            video.verify()
            assert video.keyframes.tolist() == [2]
            for number in (6, 0, 2, 1):
                np.testing.assert_array_equal(
                    video.read(rgb=[number]).rgb[0], frames[number].to_ndarray(format='rgb24')
                )
        assert reencode(path, tmp_path / 'out.mp4', profile=PROFILES['paper']) == 7
