"""Seconds of frames, and frames at seconds, held against the time stamps that `ffprobe` prints."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from video_files import VARIANTS, encode_clip, remux, repacked

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError

NUM_FRAMES = 40  # of every clip in conftest.py
UNTIMED = {'h264_raw', 'mpeg4_b_avi', 'h264_b_avi'}
"""Raw H.264 has no stamps, and .avi none for the order in which B-frames are shown."""


def times_of_packets(path):
    """As `ffprobe -show_packets`, sorted; None where a packet has no time."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stamps = [packet.pts for packet in container.demux(stream) if packet.size]
        return None if None in stamps else sorted(float(stamp * stream.time_base) for stamp in stamps)


def times_of_frames(path):
    """As `ffprobe -show_frames`."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return [frame.time for frame in container.decode(stream)]


def check_times(path, expected):
    """The reader's against seconds in display order."""
    last = expected[-1] - expected[-2]
    edges = np.array([*expected, expected[-1] + last])
    with CompressedVideo(path) as video:
        np.testing.assert_allclose(video.timestamps, expected, rtol=0, atol=1e-12)
        assert video.duration == pytest.approx(edges[-1] - edges[0])
        seconds = np.random.default_rng(0).uniform(edges[0], edges[-1], 100)
        assert [video.index_at(at) for at in seconds] == (np.searchsorted(edges, seconds, side='right') - 1).tolist()
        for number, (begin, end) in enumerate(pairwise(edges)):
            found = [video.index_at(begin + share * (end - begin)) for share in (0, 0.01, 0.5, 0.99)]
            assert found == [number] * 4
        assert video.index_at(np.nextafter(expected[3], 0)) == 3, 'what a caller computes may be one bit off'
        for outside in (edges[0] - 0.01, edges[-1] + 0.01, float('nan')):
            with pytest.raises(FrameIndexError, match=r'no frame is shown at .* Ask for seconds from'):
                video.index_at(outside)


@pytest.mark.parametrize('name', [name for name in VARIANTS if name not in UNTIMED])
def test_times_of_every_codec_and_container_are_those_of_its_packets_and_frames(clips, name):
    expected = times_of_frames(clips(name))
    assert len(expected) == NUM_FRAMES
    np.testing.assert_allclose(times_of_packets(clips(name)), expected, rtol=0, atol=1e-12)
    check_times(clips(name), expected)


@pytest.mark.parametrize('name', sorted(UNTIMED))
def test_times_that_a_stream_does_not_give_are_not_made_up(clips, name):
    with CompressedVideo(clips(name)) as video:
        assert video.timestamps.shape == (NUM_FRAMES,)
        assert np.isnan(video.timestamps).all()
        assert np.isnan(video.duration)
        with pytest.raises(VideoError, match=r'index: the frames have no usable time stamps. Ask for frames by number'):
            video.index_at(0.5)


@pytest.mark.parametrize('b_frames', ['0', '2'])
@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.ts', '.webm'])
def test_of_a_rate_that_varies_each_frame_has_its_time(tmp_path, suffix, b_frames):
    """Frames stay for 1 to 9 ticks of 1/30 s, the first one from tick 7 on."""
    stamps = (7 + np.cumsum(np.random.default_rng(0).integers(1, 10, 20))).tolist()
    pan = make_pan(displacement=(1, 0), num_frames=20, height=48, width=64)
    codec, options = ('libvpx', {}) if suffix == '.webm' else ('libx264', {'bf': b_frames})
    path = encode_clip(tmp_path / f'v{suffix}', pan.frames, codec, options, stamps=stamps, time_base=Fraction(1, 30))
    expected = times_of_frames(path)
    np.testing.assert_allclose(np.diff(expected), np.diff(stamps) / 30, atol=1e-3)  # as the container can hold them
    check_times(path, expected)


@pytest.mark.parametrize('name', ['h264', 'h264_b', 'mpeg4_b'])
@pytest.mark.parametrize('later', [-5, 7])
def test_times_of_a_file_with_an_edit_list_are_those_that_it_leaves(clips, tmp_path, name, later):
    """Packets before time 0 are cut from what is shown; a file that begins late has an empty edit."""
    path = remux(clips(name), tmp_path / 'edited.mp4', lambda _, packet: [repacked(packet, later=later, lead=-later)])
    assert b'elst' in path.read_bytes()
    expected = times_of_frames(path)
    assert len(expected) == NUM_FRAMES + min(later, 0)
    assert expected[0] == pytest.approx(max(later, 0) / 25)
    check_times(path, expected)


@pytest.mark.slow
def test_times_of_real_files_are_those_of_their_packets(shared):
    paths = [*(shared / 'data' / 'codec_zoo').iterdir()]
    untimed = {'mmaction2_S001C001P001R001A001_rgb.avi', 'mvextractor_vid_h264.264'}
    assert untimed < {path.name for path in paths}
    for path in paths:
        expected = times_of_packets(path)
        if path.name in untimed:
            with CompressedVideo(path) as video:
                assert np.isnan(video.timestamps).all()
        elif len(expected) > 3:
            check_times(path, expected)
