"""CompressedVideo: index i is the i-th displayed frame, however the file is built and whatever order is asked for."""

import gc
import importlib.util
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from cmvl_mm.video import CompressedVideo, FrameIndexError, VideoError, container, decoder
from cmvl_mm.video.encode import write_video
from cmvl_mm.video.motion import rasterise
from cmvl_mm.video.synthetic import make_pan

_spec = importlib.util.spec_from_file_location('clip_variants', Path(__file__).with_name('conftest.py'))
variants = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(variants)
NUM_FRAMES = variants.NUM_FRAMES


def reference(path, block=8):
    """RGB, vectors, validity and picture types of a plain sequential decode."""
    rgb, vectors, valid, types = [], [], [], []
    for frame in variants.decode_plainly(path):
        rgb.append(frame.to_ndarray(format='rgb24'))
        records = frame.side_data.get('MOTION_VECTORS')
        empty = np.empty(0, [('source', 'i4')])
        painted = rasterise(empty if records is None else records.to_ndarray(), frame.height, frame.width, block)
        vectors.append(painted[0])
        valid.append(painted[1])
        types.append('?IPB'[int(frame.pict_type)])
    return np.stack(rgb), np.stack(vectors), np.stack(valid), ''.join(types)


def check_random_reads(path, *, motion, rounds=6, seed=0, most=10**9):
    """Random, repeated, unordered indices with gaps give what the plain decode gave."""
    rgb, vectors, valid, types = reference(path)
    rng = np.random.default_rng(seed)
    with CompressedVideo(path) as video:
        assert video.num_frames == len(rgb)
        assert (video.height, video.width) == rgb.shape[1:3]
        for _ in range(rounds):
            ours = rng.integers(0, min(len(rgb), most), 6)
            theirs = rng.integers(0, min(len(rgb), most), 5) if motion else []
            frames, field = video.read(rgb=ours, motion=theirs)
            np.testing.assert_array_equal(frames, rgb[ours])
            if motion:
                np.testing.assert_array_equal(field.vectors, vectors[theirs])
                np.testing.assert_array_equal(field.valid, valid[theirs])
        assert video.frame_types == types


@pytest.mark.parametrize('name', variants.VARIANTS)
def test_seeking_equals_a_plain_decode(clips, name):
    check_random_reads(clips(name), motion=name in variants.WITH_VECTORS)


@pytest.mark.parametrize('name', variants.VARIANTS)
def test_reading_everything_equals_a_plain_decode(clips, name):
    path = clips(name)
    rgb, vectors, valid, _ = reference(path)
    every = range(len(rgb))
    with CompressedVideo(path) as video:
        frames, field = video.read(rgb=every, motion=every if name in variants.WITH_VECTORS else ())
    np.testing.assert_array_equal(frames, rgb)
    if name in variants.WITH_VECTORS:
        np.testing.assert_array_equal(field.vectors, vectors)
        np.testing.assert_array_equal(field.valid, valid)
        assert valid.any()


@pytest.mark.parametrize(
    ('name', 'has_b', 'has_stamps'),
    [
        ('mpeg4', False, True),
        ('mpeg4_b', True, True),
        ('mpeg4_b_avi', True, True),
        ('h264_b', True, True),
        ('h264_b_ts', True, True),
        ('h264_open', True, True),
        ('h264_raw', True, False),
        ('h264_b_avi', True, False),
    ],
)
def test_the_clips_are_what_their_names_say(clips, name, has_b, has_stamps):
    with CompressedVideo(clips(name)) as video:
        assert ('B' in video.frame_types) is has_b
        assert video.num_frames == NUM_FRAMES
        video.read(rgb=[5])
        assert video._decoder.index.has_stamps is has_stamps


@pytest.mark.parametrize('name', ['mpeg4', 'mpeg4_b', 'mpeg4_b_avi', 'h264_b', 'h264_raw', 'mpeg2_ts'])
def test_keyframes_are_the_i_frames_of_a_fixed_gop(clips, name):
    path = clips(name)
    keys = [number for number, frame in enumerate(variants.decode_plainly(path)) if frame.key_frame]
    with CompressedVideo(path) as video:
        assert video.keyframes.dtype == np.int64
        assert video.keyframes.tolist() == keys
        assert all(video.frame_types[key] == 'I' for key in keys)
        if name == 'mpeg4':
            assert keys == [0, 12, 24, 36]


def test_an_i_frame_that_is_no_key_frame_has_no_vectors(clips):
    path = clips('h264_nonkey_i')
    with CompressedVideo(path) as video:
        inner = sorted({n for n, kind in enumerate(video.frame_types) if kind == 'I'} - set(video.keyframes))
        assert inner == [20]
        _, field = video.read(motion=[19, 20, 21])
    assert field.valid[0].any()
    assert field.valid[2].any()
    assert not field.valid[1].any()
    assert not field.vectors[1].any()


def test_open_gop_frames_before_the_key_frame_come_from_the_gop_before(clips):
    for name in ('h264_open', 'h264_open_ts'):
        path = clips(name)
        rgb, *_ = reference(path)
        with CompressedVideo(path) as video:
            index = video._decoder.index
            key = int(video.keyframes[1])
            leading = [n for n in range(key) if index.position[n] > index.position[key]]
            assert leading, 'the clip has no open GOP'
            frames, _ = video.read(rgb=[leading[-1], key, key + 1])
        np.testing.assert_array_equal(frames, rgb[[leading[-1], key, key + 1]])


def test_a_transport_stream_cut_inside_an_open_gop_starts_at_its_first_key_frame(clips, tmp_path):
    path = tmp_path / 'cut.ts'
    with av.open(str(clips('h264_open_ts'))) as source, av.open(str(path), 'w') as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        keys = 0
        for packet in source.demux(stream):
            keys += packet.is_keyframe
            if keys > 1 and packet.size:
                packet.stream = copy
                sink.mux(packet)
    check_random_reads(path, motion=True)


def test_odd_start_time(tmp_path):
    pan = make_pan(displacement=(2, 1), num_frames=30, height=64, width=80)
    for suffix in ('.mp4', '.mkv', '.ts'):
        options = {'x264-params': 'keyint=12:bframes=2:b-adapt=0'}
        path = variants.encode(tmp_path / f'late{suffix}', pan.frames, 'libx264', options, start=977)
        check_random_reads(path, motion=True, rounds=3)


def test_an_edit_list_that_cuts_the_start_off(clips, tmp_path):
    path = tmp_path / 'edited.mp4'
    with av.open(str(clips('mpeg4'))) as source:
        stream = source.streams.video[0]
        with av.open(str(path), 'w', options={'avoid_negative_ts': 'disabled'}) as sink:
            copy = sink.add_stream_from_template(stream)
            tick = None
            for packet in source.demux(stream):
                if packet.size:
                    tick = tick or packet.duration
                    packet.pts -= 5 * tick
                    packet.dts -= 5 * tick
                    packet.stream = copy
                    sink.mux(packet)
    rgb, *_ = reference(path)
    assert len(rgb) == NUM_FRAMES - 5, 'FFmpeg honours the edit list'
    check_random_reads(path, motion=True)


def test_both_kinds_may_be_empty(clips):
    with CompressedVideo(clips('mpeg4'), block=16) as video:
        frames, field = video.read()
    assert frames.shape == (0, 84, 116, 3)
    assert field.vectors.shape == (0, 6, 8, 2)
    assert field.valid.shape == (0, 6, 8)
    assert field.block == 16


@pytest.fixture
def decoded_counts(monkeypatch):
    """Time stamp -> how often a frame with it left the decoder."""
    counts = {}
    original = container._decode

    def counting(path, stream, packets):
        for frame in original(path, stream, packets):
            counts[frame.pts] = counts.get(frame.pts, 0) + 1
            yield frame

    monkeypatch.setattr(container, '_decode', counting)
    return counts


@pytest.mark.parametrize('name', ['mpeg4', 'h264'])
def test_no_more_is_decoded_than_needed(clips, decoded_counts, name):
    with CompressedVideo(clips(name)) as video:
        assert video.num_frames == NUM_FRAMES
        assert not decoded_counts, 'opening and counting decode nothing'
        video.read(rgb=[16, 14], motion=[15, 14])
        assert sum(decoded_counts.values()) == 5  # 12 to 16
        decoded_counts.clear()
        video.read(rgb=[30, 2], motion=[2, 1, 30, 30])
        assert sum(decoded_counts.values()) == 3 + 7  # 0 to 2, 24 to 30
        decoded_counts.clear()
        video.read(rgb=range(NUM_FRAMES), motion=range(NUM_FRAMES))
        assert set(decoded_counts.values()) == {1}
        assert len(decoded_counts) == NUM_FRAMES


def test_neighbouring_gops_with_b_frames_are_decoded_once(clips, decoded_counts):
    for name in ('h264_b', 'h264_open', 'mpeg4_b'):
        with CompressedVideo(clips(name)) as video:
            video.read(rgb=[11, 12, 23, 24])
            assert max(decoded_counts.values()) == 1
        decoded_counts.clear()


def test_the_header_is_believed_only_until_a_frame_contradicts_it(clips, monkeypatch):
    """Each index is right or found out: a shifted one leads to a demux, no stamps at all to a plain decode."""
    path = clips('mpeg4')
    rgb, *_ = reference(path)
    wrong = decoder.index_from_header

    def shifted(*arguments):
        index = wrong(*arguments)
        index.pts[5:] += 1
        return index

    monkeypatch.setattr(decoder, 'index_from_header', shifted)
    with CompressedVideo(path) as video:
        frames, _ = video.read(rgb=[3, 8, 30])
        assert not video._decoder._may_use_header
    np.testing.assert_array_equal(frames, rgb[[3, 8, 30]])

    right = decoder.index_by_demux

    def permuted(*arguments):
        index = right(*arguments)
        index.pts[[6, 7]] = index.pts[[7, 6]]
        return index

    monkeypatch.setattr(decoder, 'index_by_demux', permuted)
    with CompressedVideo(path) as video:
        frames, _ = video.read(rgb=[3, 8, 30])
        assert not video._decoder.index.has_stamps
    np.testing.assert_array_equal(frames, rgb[[3, 8, 30]])


def test_decoding_from_the_start_is_logged_once_per_file(clips, caplog):
    path = clips('h264_raw')
    decoder._logged.clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with CompressedVideo(path) as video:
                video.read(rgb=[1])
                video.read(rgb=[2])
    assert [record.getMessage().count(str(path)) for record in caplog.records] == [1]


@pytest.mark.parametrize('index', [-1, NUM_FRAMES, 10**6])
def test_index_out_of_range(clips, index):
    with CompressedVideo(clips('mpeg4')) as video:
        for kind in ('rgb', 'motion'):
            with pytest.raises(FrameIndexError, match=f'frame {index} of a video of 40') as caught:
                video.read(**{kind: [0, index]})
            assert isinstance(caught.value, VideoError)
            assert isinstance(caught.value, IndexError)


def test_fractional_indices_and_blocks_are_refused(clips):
    with CompressedVideo(clips('mpeg4')) as video, pytest.raises(TypeError):
        video.read(rgb=[1.5])
    with pytest.raises(ValueError, match='block'):
        CompressedVideo(clips('mpeg4'), block=0)


def test_codec_without_vectors_names_the_remedy(clips):
    with CompressedVideo(clips('hevc_b')) as video:
        assert video.codec == 'hevc'
        assert len(video.read(rgb=[3])[0]) == 1
        with pytest.raises(VideoError, match=r're-encode with tools/prepare_videos\.py|Re-encode') as caught:
            video.read(motion=[3])
    assert caught.value.stage == 'motion'
    assert 'tools/prepare_videos.py' in str(caught.value)


def test_error_survives_pickling():
    for kind in (VideoError, FrameIndexError):
        error = kind(Path('/videos/a b.mp4'), 'decode', 'frame 3 is damaged')
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is kind
        assert (copy.path, copy.stage, copy.reason) == ('/videos/a b.mp4', 'decode', 'frame 3 is damaged')
        assert str(copy) == str(error)
        for part in ('/videos/a b.mp4', 'decode', 'frame 3 is damaged'):
            assert part in str(error)


def make_audio(path):
    with av.open(str(path), 'w') as sink:
        stream = sink.add_stream('aac', rate=16000)
        for number in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format='fltp', layout='mono')
            frame.sample_rate, frame.pts = 16000, number * 1024
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    return path


def test_what_is_no_video_is_refused_at_once(tmp_path, clips):
    (tmp_path / 'empty.mp4').touch()
    (tmp_path / 'garbage.mp4').write_bytes(np.random.default_rng(0).bytes(5000))
    (tmp_path / 'text.m3u8').write_text('#EXTM3U\n#EXTINF:1,\nhttp://example.com/a.ts\n')
    whole = clips('mpeg4').read_bytes()
    (tmp_path / 'truncated.mp4').write_bytes(whole[: len(whole) // 2])  # loses the table at its end
    os.mkfifo(tmp_path / 'fifo.mp4')  # must not hang
    make_audio(tmp_path / 'audio.mp4')
    for name, reason in [
        ('missing.mp4', 'no such file'),
        ('empty.mp4', 'empty'),
        ('fifo.mp4', 'regular file'),
        ('', 'regular file'),
        ('audio.mp4', 'no video stream'),
        ('garbage.mp4', 'Invalid data'),
        ('text.m3u8', 'Error'),
        ('truncated.mp4', 'Invalid data'),
    ]:
        with pytest.raises(VideoError, match=reason) as caught:
            CompressedVideo(tmp_path / name)
        assert caught.value.stage == 'open', name
        assert str(tmp_path / name) in str(caught.value)


def test_a_name_with_a_colon_is_a_file_all_the_same(clips, tmp_path, monkeypatch):
    (tmp_path / 'pipe:0.mp4').write_bytes(clips('mpeg4').read_bytes())
    monkeypatch.chdir(tmp_path)
    with CompressedVideo('pipe:0.mp4') as video:
        assert video.num_frames == NUM_FRAMES


def test_absurd_dimensions_are_refused(tmp_path):
    """In AVI, FFV1's size stands in the container alone."""
    path = variants.encode(tmp_path / 'huge.avi', np.zeros((2, 84, 116, 3), np.uint8), 'ffv1', {})
    data = path.read_bytes()
    size = (116).to_bytes(4, 'little') + (84).to_bytes(4, 'little')
    assert size in data
    for side, reason in ((10_000, f'10000x10000.*{container.MAX_SIDE}'), (100_000, 'header states')):
        path.write_bytes(data.replace(size, side.to_bytes(4, 'little') * 2))
        with pytest.raises(VideoError, match=reason) as caught:
            CompressedVideo(path)
        assert caught.value.stage == 'open'


def test_a_container_without_frames(tmp_path, clips):
    path = tmp_path / 'none.mkv'
    with av.open(str(clips('mpeg4'))) as source, av.open(str(path), 'w') as sink:
        sink.add_stream_from_template(source.streams.video[0])
        sink.start_encoding()
    with pytest.raises(VideoError) as caught, CompressedVideo(path) as video:
        _ = video.num_frames
    assert caught.value.stage in ('open', 'index')


@pytest.mark.parametrize('name', ['mpeg4', 'h264'])
def test_a_file_cut_off_behind_its_table(clips, tmp_path, name):
    """Fast-start files keep their table when their end is lost."""
    whole, path = tmp_path / 'whole.mp4', tmp_path / 'cut.mp4'
    faststart = {'movflags': 'faststart'}
    with av.open(str(clips(name))) as source, av.open(str(whole), 'w', options=faststart) as sink:
        copy = sink.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = copy
                sink.mux(packet)
    rgb, *_ = reference(whole)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    with CompressedVideo(path) as video:
        with pytest.raises(VideoError) as caught:
            video.verify()
        assert caught.value.stage in ('index', 'decode')
        with pytest.raises(VideoError):
            video.read(rgb=[NUM_FRAMES - 1])
        if name == 'mpeg4':  # indexed from its table: what is there can still be read
            np.testing.assert_array_equal(video.read(rgb=[5])[0], rgb[[5]])


def damage(path, target, *, frame):
    """Overwrite the middle half of one packet."""
    with av.open(str(path)) as source:
        packet = [p for p in source.demux(source.streams.video[0]) if p.size][frame]
        position, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(1).bytes(size // 2)
    data[position + size // 4 : position + size // 4 + len(noise)] = noise
    target.write_bytes(data)


@pytest.mark.parametrize('name', ['mpeg4', 'h264'])
def test_damage_on_the_way_to_a_frame_is_an_error_and_elsewhere_is_none(clips, tmp_path, name):
    path = tmp_path / 'damaged.mp4'
    damage(clips(name), path, frame=15)
    rgb, *_ = reference(clips(name))
    with CompressedVideo(path) as video:
        np.testing.assert_array_equal(video.read(rgb=[14, 5])[0], rgb[[14, 5]])
        np.testing.assert_array_equal(video.read(rgb=[24, 30])[0], rgb[[24, 30]])
        for wanted in (15, 16, 23):  # frame 16 shows no damage of its own, but builds on frame 15
            with pytest.raises(VideoError) as caught:
                video.read(motion=[wanted])
            assert caught.value.stage == 'decode'
        with pytest.raises(VideoError, match='frame 15') as caught:
            video.verify()
        assert caught.value.stage == 'decode'


def stage_of_failure(path):
    """The stage of the VideoError that some reads end in; None if all is well."""
    try:
        with CompressedVideo(path) as video:
            last = video.num_frames - 1
            video.read(rgb=[0, last], motion=[last // 2])
            assert video.keyframes.max() <= last
            video.verify()
    except VideoError as error:
        return error.stage
    return None


@pytest.mark.parametrize('name', ['mpeg4', 'h264_b', 'mpeg2_ts', 'h264_raw', 'mpeg4_b_avi'])
def test_random_damage_never_leads_to_another_exception(clips, tmp_path, name):
    rng = np.random.default_rng(3)
    whole = clips(name).read_bytes()
    stages = set()
    for number in range(12):
        data = bytearray(whole)
        for offset in rng.integers(0, len(data), 8):
            data[offset] = rng.integers(256)
        path = tmp_path / f'{number}{clips(name).suffix}'
        path.write_bytes(data)
        stages.add(stage_of_failure(path))
    assert stages <= {None, 'open', 'index', 'decode', 'motion'}
    assert stages & {'open', 'index', 'decode'}, 'all the damage went unnoticed'


def test_the_next_read_after_a_failed_one_is_right(clips, tmp_path):
    path = tmp_path / 'damaged.mp4'
    damage(clips('h264_b'), path, frame=15)
    rgb, *_ = reference(clips('h264_b'))
    with CompressedVideo(path) as video:
        with pytest.raises(VideoError):
            video.read(rgb=[23])
        np.testing.assert_array_equal(video.read(rgb=[3, 30])[0], rgb[[3, 30]])


def test_reading_a_closed_video(clips):
    with CompressedVideo(clips('mpeg4')) as video:
        video.read(rgb=[0])
    with pytest.raises(VideoError, match='closed'):
        video.read(rgb=[0])


def test_memory_stays_flat_without_the_cycle_collector(tmp_path):
    """frame.side_data makes a reference cycle; 60 frames of 640x480 would then stay alive."""
    pan = make_pan(displacement=(3, 1), num_frames=24, height=480, width=640)
    write_video(pan.frames, tmp_path / 'pan.mp4')
    gc.collect()
    gc.disable()
    try:
        with CompressedVideo(tmp_path / 'pan.mp4') as video:
            video.read(motion=range(24), rgb=[0])
            alive = [thing for thing in gc.get_objects() if type(thing) is av.VideoFrame]
            resident = []
            for _ in range(6):
                video.read(motion=range(24), rgb=[0])
                resident.append(int(Path('/proc/self/statm').read_text().split()[1]) * 4096)
        collected = gc.collect()
    finally:
        gc.enable()
    assert len(alive) <= 2, 'only what the decoder itself holds'
    assert collected < 24, 'each frame left garbage behind'
    assert resident[-1] - resident[0] < 20e6  # bytes; 120 frames of 460 kB would be 55 MB


def test_importing_the_package_loads_no_training_library():
    code = (
        'import sys, cmvl_mm.video, cmvl_mm.video.encode, cmvl_mm.video.controlled_set, cmvl_mm.video.synthetic;'
        'heavy = {"torch", "torchvision", "matplotlib", "cv2"};'
        'print([m for m in sys.modules if m.split(".")[0] in heavy or m.startswith(("mmengine", "mmcv", "mmaction"))])'
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == '[]'


WITHOUT_VECTORS = {'av1', 'hevc', 'vp8', 'vp9'}


@pytest.mark.slow
def test_every_real_file_is_read_exactly_or_refused(shared):
    folder = shared / 'data' / 'codec_zoo'
    paths = sorted(folder.iterdir())
    assert len(paths) == 30
    for path in paths:
        with CompressedVideo(path) as video:
            codec = video.codec
            if codec in WITHOUT_VECTORS:
                with pytest.raises(VideoError) as caught:
                    video.read(motion=[0])
                assert caught.value.stage == 'motion'
        if path.stat().st_size < 600_000:
            check_random_reads(path, motion=codec not in WITHOUT_VECTORS, rounds=3)
        else:  # long or large: only its first frames
            plain = first_frames(path, 40)
            with CompressedVideo(path) as video:
                wanted = [len(plain) - 1, 0, 17 % len(plain)]
                np.testing.assert_array_equal(video.read(rgb=wanted)[0], np.stack([plain[n] for n in wanted]))


def first_frames(path, count):
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        stream.codec_context.thread_count = 1
        pixels = []
        for frame in source.decode(stream):
            pixels.append(frame.to_ndarray(format='rgb24'))
            if len(pixels) == count:
                break
    return pixels


def test_ucf101_clips_are_read_exactly(shared):
    paths = sorted((shared / 'data' / 'ucf101_clips').rglob('*.avi'))
    assert len(paths) == 3
    for path in paths:
        check_random_reads(path, motion=True, rounds=4)


def test_phone_videos_of_variable_rate(shared):
    check_random_reads(shared / 'data' / 'falls_small' / 'adl' / 'Subject2_23.mp4', motion=True, rounds=2)
