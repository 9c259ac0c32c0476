"""Decoding for vectors alone skips pixels and changes no vector; it sees the same damage."""

import numpy as np
import pytest

from cmvl_mm.video import CompressedVideo, VideoError, decoder
from cmvl_mm.video.container import CHEAPER_FOR_VECTORS, open_video
from cmvl_mm.video.decoder import FrameDecoder

NUM_FRAMES = 40  # of every clip in conftest.py


@pytest.fixture
def passes(monkeypatch):
    """Which frames were asked of each kind of decoding; short reads, too, open a reader for vectors."""
    monkeypatch.setattr(decoder, '_WORTH_A_READER', 1)
    asked = []
    original = FrameDecoder.frames

    def counting(self, wanted, decoding='pixels'):
        asked.append((decoding, list(wanted)))
        return original(self, wanted, decoding)

    monkeypatch.setattr(FrameDecoder, 'frames', counting)
    return asked


def test_vectors_alone_equal_those_of_a_full_decode(variant, reference, passes):
    path, has_vectors = variant
    if not has_vectors:
        with CompressedVideo(path) as video:
            assert video.codec not in CHEAPER_FOR_VECTORS
        return
    _, vectors, valid, _ = reference(path)
    with CompressedVideo(path) as video:
        _, field = video.read(motion=range(NUM_FRAMES))
        assert video.codec in CHEAPER_FOR_VECTORS
    assert [decoding for decoding, wanted in passes if wanted] == ['vectors']
    np.testing.assert_array_equal(field.vectors, vectors)
    np.testing.assert_array_equal(field.valid, valid)


@pytest.mark.parametrize('name', ['mpeg4', 'h264', 'h264_b', 'h264_open', 'mpeg1'])
def test_key_frames_and_vectors_come_from_two_passes(clips, reference, passes, name):
    """GOP 12: one frame in full, twelve for their vectors; with B-frames held back, that does not pay."""
    rgb, vectors, valid, _ = reference(clips(name))
    with CompressedVideo(clips(name)) as video:
        keyframes = video.keyframes
        frames, field = video.read(rgb=keyframes, motion=range(NUM_FRAMES))
    np.testing.assert_array_equal(frames, rgb[keyframes])
    np.testing.assert_array_equal(field.vectors, vectors)
    np.testing.assert_array_equal(field.valid, valid)
    full = dict(passes)['pixels']
    if name in ('mpeg4', 'h264'):  # 36 to 39 is too short a GOP to be worth a second decode
        assert full == [0, 12, 24, 36, 37, 38, 39]
    else:
        assert len(full) > len(keyframes)


def test_a_few_frames_are_not_worth_a_second_reader(clips):
    with CompressedVideo(clips('mpeg4')) as video:
        few, many = set(range(decoder._WORTH_A_READER - 1)), set(range(decoder._WORTH_A_READER))
        video._decoder.index.__dict__['_start_numbers'] = np.zeros(100, np.intp)  # as if it were one long GOP
        assert video._decoder.plan(set(), few) == {'pixels': sorted(few), 'vectors': []}
        assert video._decoder.plan(set(), many) == {'pixels': [], 'vectors': sorted(many)}


def test_a_decoder_that_skips_pixels_was_really_told_to(clips):
    """Else the tests above compare a full decode with itself."""
    for name in ('mpeg4', 'h264'):
        pictures = []
        for decoding in ('pixels', 'vectors'):
            container, stream = open_video(str(clips(name)), decoding)
            pictures.append([np.array(frame.planes[0]) for frame in container.decode(stream)])
            container.close()
        full, cheap = pictures
        assert len(full) == len(cheap) == NUM_FRAMES
        assert (full[5] != cheap[5]).any()


def verdict(path, **wanted):
    """The stage of the error that a read ends in, or the vectors that it gives."""
    try:
        with CompressedVideo(path) as video:
            return video.read(**wanted)[1].vectors.tolist()
    except VideoError as error:
        return error.stage


@pytest.mark.parametrize('name', ['mpeg4', 'mpeg2_ts', 'h264', 'h264_b'])
def test_both_ways_of_decoding_see_the_same_damage(clips, tmp_path, name, passes):
    rng = np.random.default_rng(0)
    whole = clips(name).read_bytes()
    path = tmp_path / clips(name).name
    found = []
    for _ in range(25):
        data = bytearray(whole)
        for offset in rng.integers(2000, len(data) - 2000, 3):
            data[offset] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        alone, with_pixels = verdict(path, motion=[20]), verdict(path, rgb=[20], motion=[20])
        assert alone == with_pixels
        found.append(alone)
    assert {decoding for decoding, wanted in passes if wanted} == {'pixels', 'vectors'}
    assert 'decode' in found, 'no damage was seen'
    assert any(isinstance(outcome, list) for outcome in found), 'nothing was read'
