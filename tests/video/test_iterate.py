"""Batches of a whole video are what `read` gives, from one decoder or several, and errors come in their place."""

import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from plain_decode import decode_reference
from video_files import damage, encode_clip

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, SettingError, VideoError, iteration
from cmvl_mm.video.in_order import in_order
from cmvl_mm.video.segments import Segment, parts_of, segments_of

NUM_FRAMES = 40  # of every clip in conftest.py


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    """Each GOP of the short clips is a segment of its own, and little may wait for its turn."""
    monkeypatch.setattr('cmvl_mm.video.segments.SHORTEST', 1)
    monkeypatch.setattr(iteration, 'ROOM', 50_000)


def together(batches):
    batches = list(batches)
    rgb = None if batches[0].rgb is None else np.concatenate([batch.rgb for batch in batches])
    fields = [batch.motion for batch in batches if batch.motion is not None]
    return rgb, *([np.concatenate([getattr(f, n) for f in fields]) for n in ('vectors', 'valid')] if fields else (0, 0))


@pytest.mark.parametrize('workers', [1, 3])
def test_batches_are_what_read_gives(variant, workers):
    """Also of what is not proven regular: open GOPs, B-frames in any container, raw streams."""
    path, has_vectors = variant
    every = range(NUM_FRAMES)
    with CompressedVideo(path) as video:
        expected = video.read(rgb=every, motion=every if has_vectors else ())
        batches = list(video.iterate(rgb=True, motion=has_vectors, batch=7, workers=workers))
        assert [batch.indices.tolist() for batch in batches] == [
            list(every)[n : n + 7] for n in range(0, NUM_FRAMES, 7)
        ]
        rgb, vectors, valid = together(batches)
        np.testing.assert_array_equal(rgb, expected.rgb)
        for batch in batches:
            np.testing.assert_array_equal(batch.rgb_indices, batch.indices)
        if has_vectors:
            np.testing.assert_array_equal(vectors, expected.motion.vectors)
            np.testing.assert_array_equal(valid, expected.motion.valid)
            assert sum((batch.motion.missing for batch in batches), ()) == expected.motion.missing
            some = video.iterate(motion=True, start=5, stop=38, step=4, batch=3, workers=workers)
            np.testing.assert_array_equal(together(some)[1], expected.motion.vectors[5:38:4])


@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize('name', ['mpeg4', 'h264_b', 'h264_open', 'mpeg2_ts'])
def test_pictures_of_the_key_frames_beside_all_vectors(clips, name, workers):
    with CompressedVideo(clips(name)) as video:
        expected = video.read(rgb=video.keyframes, motion=range(NUM_FRAMES))
        batches = list(video.iterate(rgb='keyframes', motion=True, batch=5, workers=workers))
        assert np.concatenate([batch.rgb_indices for batch in batches]).tolist() == video.keyframes.tolist()
        rgb, vectors, _ = together(batches)
        np.testing.assert_array_equal(rgb, expected.rgb)
        np.testing.assert_array_equal(vectors, expected.motion.vectors)
        alone = list(video.iterate(rgb='keyframes', batch=5, workers=workers))
        np.testing.assert_array_equal(np.concatenate([batch.rgb for batch in alone]), expected.rgb)
        assert all(batch.motion is None for batch in alone)


def test_a_long_gop_is_decoded_again_for_its_vectors(tmp_path):
    pan = make_pan(displacement=(3, -2), num_frames=150, height=48, width=64)
    path = encode_clip(tmp_path / 'long.mp4', pan.frames, 'libx264', {'x264-params': 'keyint=75:scenecut=0'})
    with CompressedVideo(path) as video:
        rgb, vectors, _ = together(video.iterate(rgb='keyframes', motion=True))
        reader = video._decoder.another()
        passes = [asked.rgb for asked in reader.frames({0, 75}, set(range(150)))]
        reader.close()
        assert passes == [True] * 2 + [False] * 150
        expected = decode_reference(path)
        np.testing.assert_array_equal(rgb, expected[0][[0, 75]])
        np.testing.assert_array_equal(vectors, expected[1])


@pytest.mark.parametrize('workers', [1, 2, 4])
@pytest.mark.parametrize('name', ['h264', 'h264_b', 'mpeg2_ts'])
def test_damage_comes_in_its_place(clips, tmp_path, name, workers):
    path = damage(clips(name), tmp_path / clips(name).name, frame=17)
    with CompressedVideo(path) as video:
        whole = video.read(rgb=range(12)).rgb
        got = []
        batches = video.iterate(rgb=True, batch=4, workers=workers)
        with pytest.raises(VideoError, match='decode: '):
            got.extend(batch.rgb for batch in batches)
        assert 3 <= len(got) <= 4, 'everything before the batch with frame 17, and nothing behind'
        np.testing.assert_array_equal(np.concatenate(got[:3]), whole)
        after = list(video.iterate(rgb=True, start=24, workers=workers))
        np.testing.assert_array_equal(after[0].rgb, video.read(rgb=range(24, video.num_frames)).rgb)


@pytest.mark.parametrize('workers', [1, 2])
def test_it_stops_cleanly_and_other_reads_do_no_harm(clips, workers):
    before = threading.active_count()
    with CompressedVideo(clips('h264_b')) as video:
        expected = video.read(rgb=range(NUM_FRAMES)).rgb
        batches = video.iterate(rgb=True, batch=4, workers=workers)
        np.testing.assert_array_equal(next(batches).rgb, expected[:4])
        np.testing.assert_array_equal(video.read(rgb=[30]).rgb, expected[[30]])
        np.testing.assert_array_equal(next(batches).rgb, expected[4:8])
        batches.close()
        assert threading.active_count() == before
        pictures = [picture for picture, _ in zip(video, range(6), strict=False)]
        np.testing.assert_array_equal(pictures, expected[:6])


def test_bytes_are_decoded_by_several_workers(clips):
    data = clips('h264').read_bytes()
    with CompressedVideo(data) as video:
        expected = video.read(motion=range(NUM_FRAMES)).motion.vectors
        np.testing.assert_array_equal(together(video.iterate(motion=True, workers=3))[1], expected)


@pytest.mark.parametrize(
    ('settings', 'text'),
    [
        ({'batch': 0}, 'decode: batch is 0. Give batch of at least 1.'),
        ({'workers': 0}, 'decode: workers is 0. Give workers of at least 1.'),
        ({'step': -1}, 'decode: step is -1. Give step of at least 1.'),
        ({'workers': 1.5}, 'decode: workers is 1.5. Give a whole number for workers.'),
        ({'stop': '9'}, "index: stop is '9'. Give a whole number for stop."),
        ({'rgb': False}, 'decode: nothing is requested. Give rgb=True, rgb="keyframes", motion=True or residual=True.'),
        ({'rgb': 'i'}, 'decode: rgb is \'i\'. Give True, False or "keyframes".'),
    ],
)
def test_settings_that_cannot_be_are_one_error(clips, settings, text):
    with CompressedVideo(clips('mpeg4')) as video, pytest.raises(SettingError) as caught:
        video.iterate(**{'rgb': True, **settings})
    assert str(caught.value).endswith(text)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize('where', [{'start': -1}, {'stop': 41}, {'start': 41}])
def test_frames_outside_the_video_are_an_error(clips, where):
    words = 'are not all in the video of 40 frames'
    with CompressedVideo(clips('mpeg4')) as video, pytest.raises(FrameIndexError, match=words):
        video.iterate(rgb=True, **where)


@pytest.mark.parametrize('wanted', [range(100), range(3, 97), range(0, 100, 7), range(55, 56), range(40, 40)])
def test_segments_begin_with_key_frames_and_cover_what_is_wanted(wanted, monkeypatch):
    monkeypatch.setattr('cmvl_mm.video.segments.SHORTEST', 20)
    starts = [0, 12, 24, 50, 51, 90]
    segments = list(segments_of(wanted, starts, 100))
    assert [number for segment in segments for number in segment.wanted] == list(wanted)
    for segment in segments:
        assert segment.end in [*starts[1:], 100]
        assert segment.wanted[-1] < segment.end
    parts = [part for segment in segments for part in parts_of(wanted, segment.wanted, 8)]
    assert [number for part in parts for number in part] == list(wanted)
    assert all(wanted.index(part[0]) // 8 == wanted.index(part[-1]) // 8 for part in parts)
    assert next(segments_of(range(100), starts, 100)) == Segment(range(24), 24)


class Pile:
    """Results that count how many of them there are."""

    made = taken = most = 0
    lock = threading.Lock()


def test_results_wait_in_bounded_room_and_come_in_order():
    pile = Pile()

    @contextmanager
    def worker():
        def results(task):
            for number in range(5):
                time.sleep(0.001 * (task % 3))
                with pile.lock:
                    pile.made += 1
                    pile.most = max(pile.most, pile.made - pile.taken)
                yield task, number

        yield results

    came = []
    for result in in_order(range(12), worker, 3, lambda _: 10, room=40):
        came.append(result)
        pile.taken += 1
        time.sleep(0.0005)
    assert came == [(task, number) for task in range(12) for number in range(5)]
    assert pile.most <= 4 + 1 + 3 + 1, 'what waits, one more of the task whose turn it is, one in each hand, one given'


def test_a_faster_worker_does_not_run_ahead():
    """However much room there is: of the task behind the next one, a single result is made, and stays in hand."""
    made, slow = [], threading.Event()

    def release():
        while len(made) < 6:
            time.sleep(0.001)
        time.sleep(0.05)  # for a seventh
        made.append('released')
        slow.set()

    @contextmanager
    def worker():
        def results(task):
            if not task:
                slow.wait(10)
            for number in range(5):
                made.append((task, number))
                yield task, number

        yield results

    threading.Thread(target=release, daemon=True).start()
    assert len(list(in_order(range(6), worker, 2, lambda _: 1, room=1000))) == 30
    assert made[:7] == [*((1, number) for number in range(5)), (2, 0), 'released']


def test_a_worker_that_cannot_be_opened_is_an_error_and_not_a_wait():
    @contextmanager
    def worker():
        raise OSError('no such file')
        yield

    with pytest.raises(OSError, match='no such file'):
        list(in_order(range(3), worker, 2, lambda _: 1, room=10))
