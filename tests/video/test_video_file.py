"""What a video says of itself: length, metadata, and the same from a path, bytes or an open file."""

import io
import os

import numpy as np
import pytest
from test_display import EIGHT, matrix, with_matrix

from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.display import orientation
from cmvl_mm.video.metadata import keyframe_interval

NUM_FRAMES = 40  # of every clip in conftest.py


def test_a_video_is_a_sequence_of_pictures(clips):
    with CompressedVideo(clips('h264_b')) as video:
        rgb = video.read(rgb=range(NUM_FRAMES)).rgb
        assert len(video) == NUM_FRAMES
        np.testing.assert_array_equal(video[13], rgb[13])
        np.testing.assert_array_equal(video[-1], rgb[-1])
        np.testing.assert_array_equal(video[30:2:-7], rgb[30:2:-7])
        assert video[40:].shape == (0, 84, 116, 3)
        for wrong in (NUM_FRAMES, -NUM_FRAMES - 1):
            with pytest.raises(IndexError, match=f'frame {wrong} is outside the video of 40 frames'):
                video[wrong]
        with pytest.raises(TypeError):
            video['3']


def test_what_is_read_is_a_record_and_a_pair(clips):
    with CompressedVideo(clips('mpeg4')) as video:
        frames = video.read(rgb=[3], motion=[4, 5])
    rgb, motion = frames
    assert frames.rgb is rgb is frames[0]
    assert frames.motion is motion is frames[1]
    assert repr(frames) == 'Frames(rgb=(1, 84, 116, 3), vectors=(2, 6, 8, 2))'


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('mpeg4', 'mpeg4 Simple Profile, 116x84 yuv420p, 40 frames, 25 fps, key frame every 4 to 12'),
        ('h264_b', 'h264 High, 116x84 yuv420p, 40 frames, 25 fps, key frame every 4 to 12, B-frames'),
        ('mpeg2_ts', 'mpeg2video Main, 116x84 yuv420p, 40 frames, 25 fps, key frame every 4 to 12, B-frames'),
        ('vp8', 'vp8, 116x84 yuv420p, 40 frames, 25 fps, key frame every 20'),
    ],
)
def test_metadata_in_one_line(clips, name, text):
    with CompressedVideo(clips(name)) as video:
        assert repr(video.metadata) == f'VideoMetadata({text})'
        assert video.metadata.keyframe_interval == keyframe_interval(video.keyframes, NUM_FRAMES)
        assert video.metadata.has_b_frames is ('B' in video.frame_types)


@pytest.mark.parametrize('entries', EIGHT)
def test_rotation_and_mirror_give_the_picture_as_it_is_shown(clips, tmp_path, entries):
    path = with_matrix(clips('h264'), tmp_path / 'turned.mp4', matrix(*entries))
    picture = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    with CompressedVideo(path) as video:
        known = video.metadata
    shown = orientation(np.array(matrix(*entries), np.int32)).upright(picture)
    turned = np.rot90(picture[:, ::-1] if known.mirrored else picture, -known.rotation // 90)
    np.testing.assert_array_equal(turned, shown)


@pytest.mark.parametrize('name', ['mpeg4', 'h264_b', 'mpeg2_ts'])
def test_bytes_and_open_files_give_what_the_path_gives(clips, name):
    """The container is opened twice or more, and an open file has one position."""
    path = clips(name)
    with CompressedVideo(path) as video:
        wanted = {'rgb': [39, 0, 17], 'motion': range(NUM_FRAMES)}
        expected, known, times = video.read(**wanted), video.metadata, video.timestamps
    with open(path, 'rb') as file:
        file.seek(100)
        for source in (path.read_bytes(), bytearray(path.read_bytes()), io.BytesIO(path.read_bytes()), file):
            with CompressedVideo(source) as video:
                found = video.read(**wanted)
                assert video.path.startswith('<')
                assert video.metadata == known
                np.testing.assert_array_equal(video.timestamps, times)
            np.testing.assert_array_equal(found.rgb, expected.rgb)
            np.testing.assert_array_equal(found.motion.vectors, expected.motion.vectors)
        assert not file.closed


@pytest.mark.parametrize(
    ('make', 'text'),
    [
        (lambda: b'', '<bytes>: open: the data is empty. Pass the whole content of a video file.'),
        (lambda: b'no video' * 99, '<bytes>: open: Invalid data found when processing input.'),
        (
            lambda: io.BytesIO(b'no video' * 99),
            '<BytesIO>: open: Invalid data found when processing input. Check that the file is a complete video',
        ),
        (
            lambda: io.BufferedWriter(io.FileIO(os.devnull, 'wb')),
            '<BufferedWriter>: open: the file object cannot be read. Open it with open(',
        ),
        (
            lambda: io.StringIO('text'),
            '<StringIO>: open: the file object returns text, not bytes. Open it in binary mode',
        ),
        (lambda: os.fdopen(os.pipe()[0], 'rb'), 'open: the file object cannot seek, or is closed. Pass its content'),
        (lambda: 5, '<int>: open: this is not a video. Pass a path, bytes, or a file object opened in binary mode.'),
    ],
)
def test_what_is_no_video_is_one_error(make, text):
    source = make()
    with pytest.raises(VideoError) as caught:
        CompressedVideo(source)
    assert text in str(caught.value)
    if isinstance(source, io.IOBase):
        source.close()


def test_no_index_is_kept_beside_bytes(clips):
    with pytest.raises(VideoError, match=r'<bytes>: open: an index can be kept only beside a file. Pass a path'):
        CompressedVideo(clips('mpeg2_ts').read_bytes(), keep_index=True)


@pytest.mark.parametrize(('name', 'block'), [('mpeg4', 16), ('mpeg1', 16), ('mpeg4_4mv', 8)])
def test_the_default_block_loses_nothing(clips, name, block):
    """Every cell of a finer grid holds what its cell of the default one holds."""
    with CompressedVideo(clips(name)) as video, CompressedVideo(clips(name), block=4) as fine:
        motion = video.read(motion=range(NUM_FRAMES)).motion
        finest = fine.read(motion=range(NUM_FRAMES)).motion
    assert video.block == motion.block == block
    rows, columns = (np.arange(size) * 4 // block for size in finest.valid.shape[1:])
    np.testing.assert_array_equal(motion.valid[:, rows][:, :, columns], finest.valid)
    np.testing.assert_array_equal(motion.vectors[:, rows][:, :, columns], finest.vectors)


@pytest.mark.parametrize('name', ['h264', 'mpeg4_b', 'mpeg2_ts'])
def test_blocks_may_be_smaller_than_a_macroblock_elsewhere(clips, name):
    with CompressedVideo(clips(name)) as video:
        assert video.block == 8
