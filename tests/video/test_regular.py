"""H.264 is indexed from its headers only where that is proven to be what a decode shows."""

from itertools import product

import numpy as np
import pytest
from plain_decode import check_random_reads, decode_plainly
from video_files import encode_clip, remux, repacked

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, index_store
from cmvl_mm.video.regular import _reorder_depth
from cmvl_mm.video.regular_index import find_regular_index

PROVEN = {
    'intra only': 'keyint=1',
    'no B-frames': 'keyint=12:bframes=0',
    'B-frames': 'keyint=12:bframes=3:b-adapt=0',
    'pyramid': 'keyint=20:bframes=7:b-adapt=0:b-pyramid=normal:ref=4',
    'strict pyramid': 'keyint=20:bframes=7:b-adapt=0:b-pyramid=strict',
    'no pyramid': 'keyint=250:bframes=5:b-adapt=0:b-pyramid=none',
    'slices': 'keyint=12:slices=4:bframes=2',
    'delimiters': 'keyint=12:aud=1',
    'I-frames that are no key frames': 'keyint=60:min-keyint=30:bframes=0:scenecut=100',
    'baseline': 'keyint=12:bframes=0:cabac=0:8x8dct=0:weightp=0',
    'stitchable': 'keyint=12:stitchable=1:bframes=2',
}
NOT_PROVEN = {
    'open GOP': ('keyint=12:bframes=3:b-adapt=0:open-gop=1', 'key frames'),
    'intra refresh': ('keyint=12:bframes=0:intra-refresh=1', 'key frames'),
    'interlaced': ('keyint=12:tff=1', 'interlaced'),
    'fake interlaced': ('keyint=12:fake-interlaced=1', 'interlaced'),
}
CONTAINERS = {'.mp4': {}, '.mov': {}, '.mkv': {}, '_fragments.mp4': {'movflags': 'frag_keyframe+empty_moov'}}


@pytest.fixture(scope='module')
def pan():
    """Two scenes of 20 frames."""
    parts = [make_pan(displacement=(3, -2), num_frames=20, height=80, width=96, seed=seed).frames for seed in range(2)]
    return np.concatenate(parts)


def x264(folder, pan, parameters, suffix='.mp4'):
    path, options = folder / f'clip{suffix}', {'x264-params': f'{parameters}:threads=1'}
    return encode_clip(path, pan, 'libx264', options, container_options=CONTAINERS[suffix])


@pytest.mark.parametrize(('name', 'suffix'), list(product(PROVEN, CONTAINERS)))
def test_a_proven_stream_is_what_a_plain_decode_shows(tmp_path, pan, name, suffix):
    path = x264(tmp_path, pan, PROVEN[name], suffix)
    with CompressedVideo(path) as video:
        assert video._decoder.index is not None, find_regular_index(video._decoder.source)[1]
        frames = decode_plainly(path)
        assert video.keyframes.tolist() == [number for number, frame in enumerate(frames) if frame.key_frame]
        stamps = [frame.pts for frame in frames]
        assert video._decoder.index.pts.tolist() == stamps
    check_random_reads(path, motion=True, rounds=2)


@pytest.mark.parametrize('name', NOT_PROVEN)
def test_what_is_not_proven_is_decoded_for_its_index(tmp_path, pan, name):
    parameters, reason = NOT_PROVEN[name]
    path = x264(tmp_path, pan, parameters)
    with CompressedVideo(path) as video:
        assert video._decoder.index is None
        assert reason in find_regular_index(video._decoder.source)[1]
    if 'interlaced' not in name:
        check_random_reads(path, motion=True, rounds=2)
        return
    with CompressedVideo(path) as video:  # a flag of interlacing changes what PyAV makes of pixels, not what we do
        whole = video.read(rgb=range(40)).rgb
        for number in (33, 7, 21):
            np.testing.assert_array_equal(video.read(rgb=[number]).rgb, whole[[number]])


def lacking(number, packet):
    return [] if number == 17 else [packet]


def without_first_key(number, packet):
    return [] if number == 0 else [packet]


def swapped_stamps(number, packet):
    return [repacked(packet, later={15: 1, 16: -1}.get(number, 0), lead=2)]


def two_in_one(number, packet):
    if number == 14:
        two_in_one.kept = bytes(packet)
        return []
    return [repacked(packet, two_in_one.kept + bytes(packet)) if number == 15 else packet]


def other_parameters(number, packet):
    """A picture parameter set that is not the header's, before the picture."""
    unit = bytes([0x68, 0xEA, 0x80])
    return [repacked(packet, len(unit).to_bytes(4) + unit + bytes(packet)) if number == 24 else packet]


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (lacking, 'a frame is missing'),
        (without_first_key, 'IDR'),
        (swapped_stamps, 'display order'),
        (two_in_one, '2 pictures'),
        (other_parameters, 'headers change'),
    ],
)
def test_an_irregular_packet_is_seen_without_decoding(tmp_path, pan, change, reason):
    path = remux(x264(tmp_path, pan, 'keyint=12:bframes=0:aud=0'), tmp_path / 'changed.mp4', change)
    with CompressedVideo(path) as video:
        index, why = find_regular_index(video._decoder.source)
    assert index is None
    assert reason in why


@pytest.mark.parametrize('change', [lacking, swapped_stamps])
def test_an_irregular_stream_is_read_as_a_plain_decode_shows_it(tmp_path, pan, change):
    path = remux(x264(tmp_path, pan, 'keyint=12:bframes=0'), tmp_path / 'changed.mp4', change)
    frames = decode_plainly(path)
    with CompressedVideo(path) as video:
        assert video.num_frames == len(frames)
        for number in (30, 5, 13):
            np.testing.assert_array_equal(video.read(rgb=[number]).rgb[0], frames[number].to_ndarray(format='rgb24'))


def test_reorder_depth_counts_pictures_that_overtake():
    def naive(order):
        return max(sum(before > place for before in order[:number]) for number, place in enumerate(order))

    rng = np.random.default_rng(0)
    for _ in range(50):
        order = [(0, int(count)) for count in rng.permutation(12)]
        assert _reorder_depth(order) == naive(order)


def test_a_file_that_was_opened_before_is_not_read_again_for_its_index(tmp_path, pan, monkeypatch):
    path = x264(tmp_path, pan, 'keyint=12:bframes=2')
    with CompressedVideo(path) as video:
        first = video.read(rgb=[20]).rgb
        index = video._decoder.index
    with CompressedVideo(path) as video:
        assert video._decoder.index is index
        np.testing.assert_array_equal(video.read(rgb=[20]).rgb, first)
    path.write_bytes(x264(tmp_path, pan[:30], 'keyint=12:bframes=2').read_bytes())
    with CompressedVideo(path) as video:
        assert video.num_frames == 30


def test_the_memory_of_indices_is_bounded(tmp_path, pan, monkeypatch):
    monkeypatch.setattr(index_store, '_known', type(index_store._known)())
    monkeypatch.setattr(index_store, '_kept_bytes', 0)
    paths = []
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        paths.append(x264(tmp_path / str(number), pan, 'keyint=12'))
        with CompressedVideo(paths[-1]) as video:
            size = video._decoder.index.nbytes
        monkeypatch.setattr(index_store, '_MOST', 2 * size)
    known = [index_store.recall(index_store.identity_of(str(path))) for path in paths]
    assert [index is not None for index in known] == [False, False, True, True]
    assert index_store._kept_bytes == 2 * size
