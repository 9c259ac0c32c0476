"""A prepared file is known by its seal, and nothing else passes for one."""

import av
import numpy as np
import pytest
from plain_decode import check_random_reads
from video_files import remux

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.encode import PROFILES, Profile, reencode, write_video
from cmvl_mm.video.seal import SEAL_SIZE, Seal, read_seal, write_seal


@pytest.fixture
def prepared(tmp_path):
    write_video(make_pan(displacement=(3, 1), num_frames=30, height=64, width=80).frames, tmp_path / 'source.mp4')
    reencode(tmp_path / 'source.mp4', tmp_path / 'prepared.mp4', profile=PROFILES['paper'])
    return tmp_path / 'prepared.mp4'


def is_known(path):
    with CompressedVideo(path) as video:
        return video._decoder.index is not None and video._decoder.index.from_header


def test_the_seal_states_profile_and_structure_of_an_mp4_like_any_other(prepared, tmp_path):
    assert read_seal(str(prepared)) == Seal('paper', 30, 12)
    reencode(tmp_path / 'source.mp4', tmp_path / 'other.mp4', profile=Profile(quantiser=7))
    assert read_seal(str(tmp_path / 'other.mp4')) == Seal('custom', 30, 12)
    assert is_known(prepared)
    with av.open(str(prepared)) as container:
        assert len(list(container.decode(video=0))) == 30


def test_whatever_makes_another_file_of_it_breaks_the_seal(prepared, tmp_path):
    whole = prepared.read_bytes()
    table = whole.index(b'moov')
    flipped = bytearray(whole)
    flipped[table + 100] ^= 1
    newer = whole[:-SEAL_SIZE] + whole[-SEAL_SIZE:].replace(b'"cmvl_mm":1', b'"cmvl_mm":2')
    for name, data in (
        ('longer', whole + bytes(8)),
        ('shorter', whole[:1000] + whole[1001:]),
        ('other table', bytes(flipped)),
        ('a box before the seal', whole[:-SEAL_SIZE] + b'\0\0\0\x08free' + whole[-SEAL_SIZE:]),
        ('other version', newer),
        ('no seal', whole[:-SEAL_SIZE]),
        ('tiny', whole[:50]),
    ):
        path = tmp_path / f'{name}.mp4'
        path.write_bytes(data)
        assert read_seal(str(path)) is None, name
    for name, kept in (('remuxed', range(30)), ('cut', range(12, 24))):
        keep = lambda number, packet, kept=kept: [packet] if number in kept else []  # noqa: E731
        path = remux(prepared, tmp_path / f'{name}.mp4', keep)
        assert read_seal(str(path)) is None
        assert not is_known(path)
        check_random_reads(path, motion=True, rounds=2)


def test_a_seal_that_the_table_contradicts_is_not_believed(prepared):
    """As if another program had written it."""
    prepared.write_bytes(prepared.read_bytes()[:-SEAL_SIZE])
    for seal in (Seal('paper', 29, 12), Seal('paper', 30, 10)):
        write_seal(str(prepared), seal)
        assert read_seal(str(prepared)) == seal
        assert not is_known(prepared)
        check_random_reads(prepared, motion=True, rounds=1)
        prepared.write_bytes(prepared.read_bytes()[:-SEAL_SIZE])


def test_only_an_mp4_with_a_table_can_be_sealed(tmp_path):
    path = tmp_path / 'text.mp4'
    path.write_bytes(b'no boxes here, just words')
    with pytest.raises(ValueError, match='no table'):
        write_seal(str(path), Seal('paper', 1, 12))
    assert np.array_equal(list(path.read_bytes()), list(b'no boxes here, just words'))
