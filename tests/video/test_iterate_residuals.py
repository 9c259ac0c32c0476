"""Residuals of a whole video in batches are what `read_residuals` gives, from one decoder or several."""

import numpy as np
import pytest
from video_files import damage

from cmvl_mm.video import CompressedVideo, VideoError, iteration, read_residuals, stream_packets
from cmvl_mm.video.packets import PacketsByFrame
from cmvl_mm.video.residual_estimates import References

NUM_FRAMES = 40  # of every clip in conftest.py


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    """Each GOP of the short clips is a segment of its own, and little may wait for its turn."""
    monkeypatch.setattr('cmvl_mm.video.segments.SHORTEST', 1)
    monkeypatch.setattr(iteration, 'ROOM', 50_000)


def check(batches, expected, numbers):
    batches = list(batches)
    assert [number for batch in batches for number in batch.indices] == list(numbers)
    fields = [batch.residual for batch in batches]
    assert {field.approximate for field in fields} == {expected.approximate}
    for name in ('y', 'u', 'v', 'predicted'):
        found = np.concatenate([getattr(field, name) for field in fields])
        np.testing.assert_array_equal(found, getattr(expected, name)[numbers])
    vectors = np.concatenate([field.motion.vectors for field in fields])
    np.testing.assert_array_equal(vectors, expected.motion.vectors[numbers])
    missing = sum((field.motion.missing for field in fields), ())
    assert missing == tuple(expected.motion.missing[number] for number in numbers)
    return batches


@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize(
    ('name', 'is_exact'),
    [
        ('mpeg4', True),  # by the seal of cmvl prepare
        ('mpeg4_avi', True),  # by its truth: the packets are read in turn
        ('h264', False),
        ('h264_nonkey_i', False),
        ('h264_b', False),
        ('h264_open', False),
        ('h264_refresh', False),
        ('mpeg2_ts', False),
        ('mpeg4_b_mkv', False),
    ],
)
def test_batches_are_what_read_residuals_gives(clips, name, is_exact, workers):
    every = np.arange(NUM_FRAMES)
    with CompressedVideo(clips(name)) as video:
        expected, frames = read_residuals(video, every), video.read(rgb=every, motion=every)
        assert (expected.approximate is None) is video.has_exact_residuals is is_exact
        assert expected.predicted.any()
        batches = check(video.iterate(rgb=True, motion=True, residual=True, batch=7, workers=workers), expected, every)
        np.testing.assert_array_equal(np.concatenate([batch.rgb for batch in batches]), frames.rgb)
        vectors = np.concatenate([batch.motion.vectors for batch in batches])
        np.testing.assert_array_equal(vectors, frames.motion.vectors)

        batches = video.iterate(rgb='keyframes', residual=True, start=5, stop=38, step=4, batch=3, workers=workers)
        batches = check(batches, expected, every[5:38:4])
        keys = [number for number in video.keyframes if number in range(5, 38, 4)]
        assert np.concatenate([batch.rgb_indices for batch in batches]).tolist() == keys
        assert batches[0].motion is None

        narrow = read_residuals(video, every, bits=8)
        check(video.iterate(residual=True, bits=8, workers=workers), narrow, every)
        assert batches[0].nbytes > sum(getattr(batches[0].residual, plane).nbytes for plane in 'yuv')


@pytest.mark.parametrize(('name', 'settings', 'bits'), [('vp8', {}, 16), ('h264', {'block': 7}, 16), ('mpeg4', {}, 4)])
def test_what_has_no_residuals_is_refused_alike(clips, name, settings, bits):
    with CompressedVideo(clips(name), **settings) as video:
        with pytest.raises(VideoError) as expected:
            read_residuals(video, [1], bits=bits)
        with pytest.raises(VideoError) as found:
            video.iterate(residual=True, bits=bits)
    assert (type(found.value), str(found.value)) == (type(expected.value), str(expected.value))


@pytest.mark.parametrize('workers', [1, 2])
def test_damage_comes_in_its_place(clips, tmp_path, workers):
    with CompressedVideo(damage(clips('mpeg4'), tmp_path / 'damaged.mp4', frame=17)) as video:
        got = []
        with pytest.raises(VideoError, match='decode: frame 17, or one'):
            got.extend(batch.indices[0] for batch in video.iterate(residual=True, batch=4, workers=workers))
        assert got == [0, 4, 8, 12]
        after = list(video.iterate(residual=True, start=18, workers=workers))
        np.testing.assert_array_equal(after[0].residual.y, read_residuals(video, range(18, NUM_FRAMES)).y)


def test_pictures_are_kept_no_longer_than_they_are_needed(clips, monkeypatch):
    most, add = [], References.add

    def counting(self, number, frame):
        most.append(len(self._planes))
        return add(self, number, frame)

    monkeypatch.setattr(References, 'add', counting)
    for name, bound in (('h264', 1), ('mpeg4_b_mkv', 2)):
        with CompressedVideo(clips(name)) as video:
            list(video.iterate(residual=True))
        assert len(most) == NUM_FRAMES
        assert max(most) <= bound
        most.clear()


def test_reads_that_follow_each_other_go_through_the_file_once(clips, monkeypatch):
    """Of a file whose packets are not kept."""
    monkeypatch.setattr(stream_packets, '_KEPT', 0)
    with CompressedVideo(clips('mpeg4_avi')) as video:
        packets = PacketsByFrame(video._decoder)
        begun = []
        rewind = packets._reader.rewind
        monkeypatch.setattr(packets._reader, 'rewind', lambda: begun.append(1) or rewind())
        first = {number: bytes(packet) for numbers in ([2, 5], [6], [30]) for number, packet in packets.of(numbers)}
        assert len(begun) == 1
        again = {number: bytes(packet) for number, packet in packets.of([2, 5])}
        assert len(begun) == 2
        assert again == {number: first[number] for number in (2, 5)}
        with pytest.raises(VideoError, match='the stream ends before packet 1000'):
            packets._packet_at(1000)
        packets.close()
