"""CompressedVideo: index i is the i-th displayed frame, whatever order is asked for, at the least cost."""

import gc
from collections import Counter
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from plain_decode import check_random_reads, decode_plainly, decode_reference

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, VideoError, strict_decoding
from cmvl_mm.video.encode import write_video

NUM_FRAMES = 40  # of every clip in conftest.py


def test_every_read_equals_a_plain_decode(variant):
    """At random places, and of everything at once."""
    path, has_vectors = variant
    check_random_reads(path, motion=has_vectors)
    rgb, vectors, valid, _ = decode_reference(path)
    every = range(len(rgb))
    with CompressedVideo(path, block=8) as video:
        frames, field = video.read(rgb=every, motion=every if has_vectors else ())
    np.testing.assert_array_equal(frames, rgb)
    if has_vectors:
        np.testing.assert_array_equal(field.vectors, vectors)
        np.testing.assert_array_equal(field.valid, valid)
        assert valid.any()


@pytest.mark.parametrize(
    ('name', 'has_b', 'is_regular'),
    [
        ('mpeg4', False, True),
        ('mpeg4_b', True, False),
        ('mpeg4_b_avi', True, False),
        ('mpeg2_ts', True, False),
        ('h264_b', True, True),
        ('h264_b_ts', True, False),
        ('h264_open', True, False),
        ('h264_raw', True, False),
        ('h264_b_avi', True, False),
    ],
)
def test_the_clips_are_what_their_names_say_and_key_frames_the_decoders(clips, name, has_b, is_regular):
    keys = [number for number, frame in enumerate(decode_plainly(clips(name))) if frame.key_frame]
    with CompressedVideo(clips(name)) as video:
        assert ('B' in video.frame_types) is has_b
        assert video.num_frames == NUM_FRAMES
        assert video.keyframes.dtype == np.int64
        assert video.keyframes.tolist() == keys
        assert all(video.frame_types[key] == 'I' for key in keys)
        assert name != 'mpeg4' or keys == [0, 12, 24, 36]
        video.read(rgb=[5])
        assert (video._decoder.index is not None) is is_regular


def test_an_i_frame_that_is_no_key_frame_has_no_vectors(clips):
    path = clips('h264_nonkey_i')
    with CompressedVideo(path) as video:
        inner = sorted({n for n, kind in enumerate(video.frame_types) if kind == 'I'} - set(video.keyframes))
        assert inner == [20]
        field = video.read(motion=[19, 20, 21]).motion
    assert field.valid[0].any()
    assert field.valid[2].any()
    assert not field.valid[1].any()
    assert not field.vectors[1].any()


def test_one_decoder_thread(clips):
    """Frame threads give silently wrong vectors in H.264 with B-frames, different ones each time."""
    with CompressedVideo(clips('h264_b')) as video:
        video.read(motion=[7])
        assert video._decoder.stream.codec_context.thread_count == 1


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
    counts = Counter()
    original = strict_decoding._decode

    def counting(path, stream, packets):
        for frame in original(path, stream, packets):
            counts[frame.pts] += 1
            yield frame

    monkeypatch.setattr(strict_decoding, '_decode', counting)
    return counts


@pytest.mark.parametrize('name', ['mpeg4', 'h264', 'h264_b'])
def test_no_more_is_decoded_than_needed(clips, decoded_counts, name):
    with CompressedVideo(clips(name)) as video:
        assert video.num_frames == NUM_FRAMES
        assert not decoded_counts, 'opening and counting decode nothing'
        video.read(rgb=[11, 12, 23, 24])
        assert max(decoded_counts.values()) == 1, 'neighbouring GOPs are decoded once'
        if name == 'h264_b':
            return
        for wanted, number in (
            (dict(rgb=[16, 14], motion=[15, 14]), 5),  # 12 to 16
            (dict(rgb=[30, 2], motion=[2, 1, 30, 30]), 3 + 7),  # 0 to 2, 24 to 30
            (dict(rgb=range(NUM_FRAMES), motion=range(NUM_FRAMES)), NUM_FRAMES),
        ):
            decoded_counts.clear()
            video.read(**wanted)
            assert sum(decoded_counts.values()) == number
        assert set(decoded_counts.values()) == {1}


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


@pytest.mark.parametrize('name', ['mpeg4', 'mpeg4_b', 'h264_b'])
def test_a_closed_video_is_gone_without_the_cycle_collector(clips, name):
    """Read to somewhere within a group of pictures, where its packets' generator is still waiting."""

    def alive():
        kinds = ('StreamReader', 'InputContainer', 'VideoCodecContext', 'Packet', 'VideoFrame')
        return Counter(kind for thing in gc.get_objects() if (kind := type(thing).__name__) in kinds)

    gc.collect()
    gc.disable()
    before = alive()
    try:
        for indices in (dict(rgb=[3]), dict(motion=[3, 16]), dict(rgb=[0, 3], motion=[16])):
            with CompressedVideo(clips(name)) as video:
                video.read(**indices)
        del video
        after = alive()
    finally:
        gc.enable()
    assert after == before


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
                np.testing.assert_array_equal(video.read(rgb=wanted).rgb, np.stack([plain[n] for n in wanted]))


def first_frames(path, count):
    with av.open(str(path)) as source:
        source.streams.video[0].codec_context.thread_count = 1
        return [frame.to_ndarray(format='rgb24') for frame in islice(source.decode(video=0), count)]


def test_real_clips_are_read_exactly(shared):
    paths = sorted((shared / 'data' / 'ucf101_clips').rglob('*.avi'))
    assert len(paths) == 3
    for path in (*paths, shared / 'data' / 'falls_small' / 'adl' / 'Subject2_23.mp4'):  # a phone's, of variable rate
        check_random_reads(path, motion=True, rounds=3)
