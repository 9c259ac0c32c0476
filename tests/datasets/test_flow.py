"""Flow files: what goes in comes out, any window alone, and a file that does not fit is named."""

import pickle
import zipfile

import numpy as np
import pytest

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.datasets.flow import FLOW_BLOCK, FlowError, flow_path, read_flow, verify_flow, write_flow
from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError
from cmvl_mm.video.encode import write_video

NUM_FRAMES, HEIGHT, WIDTH = 21, 50, 70  # no multiples of the block, nor of the frames a member holds


def random_flow(num_frames=NUM_FRAMES, height=HEIGHT, width=WIDTH):
    shape = num_frames, -(-height // FLOW_BLOCK), -(-width // FLOW_BLOCK), 2
    flow = np.random.default_rng(0).integers(-32768, 32768, shape).astype(np.int16)
    flow[0] = 0
    return flow


def make(path, num_frames=NUM_FRAMES, height=HEIGHT, width=WIDTH, quantiser=3):
    write_video(
        make_pan(displacement=(2, 1), num_frames=num_frames, height=height, width=width).frames,
        path,
        quantiser=quantiser,
    )
    return path


@pytest.fixture(scope='module')
def bytes_of(tmp_path_factory):
    """A video and its flow file, as bytes."""
    path = make(tmp_path_factory.mktemp('flow') / 'clip.mp4')
    with CompressedVideo(path) as video:
        write_flow(video, random_flow())
    return path.read_bytes(), (path.parent / 'clip.flow.npz').read_bytes()


@pytest.fixture
def video(bytes_of, tmp_path):
    path = tmp_path / 'clip.mp4'
    path.write_bytes(bytes_of[0])
    (tmp_path / 'clip.flow.npz').write_bytes(bytes_of[1])
    with CompressedVideo(path, block=16) as opened:
        yield opened


def test_what_goes_in_comes_out(video, tmp_path):
    verify_flow(video)
    field = read_flow(video, motion=range(NUM_FRAMES))
    np.testing.assert_array_equal(field.vectors, random_flow())
    assert field.vectors.dtype == np.int16
    assert field.block == 4  # whatever the vectors' grid
    assert not field.valid[0].any()
    assert field.valid[1:].all()  # I-frames have flow
    assert not list(tmp_path.glob('*.part'))


def test_any_window_equals_the_slice_of_the_whole(video):
    whole, rng = random_flow(), np.random.default_rng(1)
    for _ in range(30):
        start, length = rng.integers(NUM_FRAMES), rng.integers(1, 9)
        window = np.arange(start, min(start + length, NUM_FRAMES))
        np.testing.assert_array_equal(read_flow(video, motion=window).vectors, whole[window])
    scattered = rng.integers(0, NUM_FRAMES, 40)  # any order, with repeats
    field = read_flow(video, motion=scattered)
    np.testing.assert_array_equal(field.vectors, whole[scattered])
    np.testing.assert_array_equal(field.valid[:, 3, 5], scattered > 0)
    assert read_flow(video, motion=()).vectors.shape == (0, 13, 18, 2)


def test_a_window_reads_only_its_members(video, tmp_path):
    """The rest of the file may be missing."""
    path = tmp_path / 'clip.flow.npz'
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert sorted(np.load(path)) == ['frames_000000', *(f'frames_00000{n}' for n in range(1, 6)), 'header']
    with zipfile.ZipFile(path, 'w') as archive:
        for name in ('header.npy', 'frames_000001.npy', 'frames_000002.npy'):
            archive.writestr(name, members[name])
    np.testing.assert_array_equal(read_flow(video, motion=range(4, 12)).vectors, random_flow()[4:12])
    for beyond in (3, 12):
        with pytest.raises(FlowError, match='frames_00000'):
            read_flow(video, motion=[beyond])
    with pytest.raises(FlowError, match='frames_000000'):
        verify_flow(video)


@pytest.mark.parametrize('index', [-1, NUM_FRAMES])
def test_index_out_of_range(video, index):
    with pytest.raises(FrameIndexError, match=f'there is no frame {index} in 21 frames'):
        read_flow(video, motion=[0, index])
    with pytest.raises(TypeError):
        read_flow(video, motion=[1.5])


def broken_files(data):
    """name -> (bytes of a flow file, part of the reason)."""
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 0xFF
    return {
        'empty': (b'', 'BadZipFile'),
        'garbage': (b'no flow' * 99, 'BadZipFile'),
        'cut off': (data[: len(data) // 2], 'BadZipFile'),
        'cut off at its end': (data[:-10], 'BadZipFile'),
        'one byte changed': (bytes(flipped), r'CRC|decompressing|invalid'),
    }


@pytest.mark.parametrize('fault', broken_files(b'1'))
def test_damaged_files_are_named_with_the_remedy(video, bytes_of, tmp_path, fault):
    data, reason = broken_files(bytes_of[1])[fault]
    path = tmp_path / 'clip.flow.npz'
    path.write_bytes(data)
    for read in (lambda: read_flow(video, motion=range(NUM_FRAMES)), lambda: verify_flow(video)):
        with pytest.raises(VideoError, match=reason) as caught:
            read()
        assert caught.value.stage == 'motion'
        assert caught.value.path == str(path)
        assert 'cmvl prepare --flow' in str(caught.value)


def test_a_missing_file_is_named_with_the_remedy(video, tmp_path):
    path = tmp_path / 'clip.flow.npz'
    path.unlink()
    for name in ('nothing', 'a folder'):
        with pytest.raises(FlowError, match=r'clip\.flow\.npz: motion: there is no such flow file\. .*--flow'):
            read_flow(video, motion=[1])
        if name == 'nothing':
            path.mkdir()


@pytest.mark.parametrize(
    ('other', 'reason'),
    [
        (dict(num_frames=20), 'num_frames 20, the video 21'),
        (dict(height=48), 'height 48, the video 50'),
        (dict(width=72), 'width 72, the video 70'),
        (dict(quantiser=9), r'video_bytes \d+, the video \d+'),
    ],
)
def test_the_flow_of_another_video_is_refused(video, tmp_path, other, reason):
    path = make(tmp_path / 'other.mp4', **other)
    sizes = {name: value for name, value in other.items() if name != 'quantiser'}
    with CompressedVideo(path) as source:
        write_flow(source, random_flow(**sizes))
    (tmp_path / 'other.flow.npz').replace(tmp_path / 'clip.flow.npz')
    with pytest.raises(FlowError, match=reason):
        read_flow(video, motion=[1])


def test_archives_of_other_things_are_refused(video, tmp_path):
    path = tmp_path / 'clip.flow.npz'
    np.savez(path, flow=random_flow())
    with pytest.raises(FlowError, match=r'no item named .*header'):
        read_flow(video, motion=[1])
    np.savez(path, header=np.arange(6))
    with pytest.raises(FlowError, match='header'):
        read_flow(video, motion=[1])
    np.savez(path, header=np.array([None], object))
    with pytest.raises(FlowError, match='allow_pickle'):
        read_flow(video, motion=[1])


def test_only_whole_and_fitting_flow_is_written(video, tmp_path):
    path, flow = tmp_path / 'clip.flow.npz', random_flow()
    path.unlink()
    moving = flow.copy()
    moving[0, 3, 3, 1] = 1

    def interrupted():
        yield from flow[:9]
        raise VideoError(video.path, 'decode', 'the stream ends')

    for frames, reason in (
        (flow[:-1], '20 frames of flow do not match the 21'),
        (np.concatenate([flow, flow[:1]]), '22 frames of flow do not match the 21'),
        (flow[:, :-1], 'frame 0 is int16'),
        (flow.astype(np.int32), 'frame 0 is int32'),
        (moving, 'frame 0 must have no motion'),
        (interrupted(), 'decode: the stream ends'),
    ):
        with pytest.raises(VideoError, match=reason):
            write_flow(video, frames)
        assert list(tmp_path.iterdir()) == [tmp_path / 'clip.mp4']


def test_the_same_flow_is_the_same_file(video, bytes_of, tmp_path):
    write_flow(video, random_flow())
    assert (tmp_path / 'clip.flow.npz').read_bytes() == bytes_of[1]


def test_path_and_pickling():
    assert flow_path('a/b.c/name.avi.mp4') == 'a/b.c/name.avi.flow.npz'
    error = FlowError('x.flow.npz', 'motion', 'gone')
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_member_that_unpacks_to_more_than_the_flow_is_refused_unread(video):
    path = flow_path(video.path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members['frames_000000.npy'] = b'\0' * 2**17
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(FlowError, match=r'frames_000000\.npy unpacks to 131072 bytes'):
        read_flow(video, motion=[0])
