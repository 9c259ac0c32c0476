"""The harness finds what it looks for, and does not mistake a sound file for a damaged one.

And FFmpeg's verdict on a frame of its own MPEG-4, B-frames too, does not depend on where decoding began.
"""

import os
import signal
import time

import av
import cell
import numpy as np
import pytest
import victim
from cell import Cell, Recipe, examine
from damage import KINDS, damage
from oracle import plain_decode
from sources import make_sources

from cmvl_mm.video import CompressedVideo, truth
from cmvl_mm.video.container import open_video, packets_with_data
from cmvl_mm.video.decoder_options import configure


@pytest.fixture(scope='module')
def sources(tmp_path_factory):
    return make_sources(tmp_path_factory.mktemp('sources'))


def test_sound_files_break_nothing_and_are_read_right(sources):
    for source in [source for variants in sources.values() for source in variants]:
        reading = victim.read(source.path, np.random.default_rng(0))
        assert (reading.stages, reading.faults, reading.verified) == ([], [], True), source.path
        plain = plain_decode(source.path)
        assert plain.flags == 0, source.path
        counts = victim.judge(reading, plain, plain)
        assert counts['handed_out'] > 30, source.path
        assert counts['flagged'] == counts['wrong'] == 0, source.path


def test_sources_and_every_kind_of_damage_repeat_and_change_the_file(sources, tmp_path):
    again = make_sources(tmp_path)
    for name, variants in sources.items():
        assert [source.data for source in again[name]] == [source.data for source in variants]
        for kind in KINDS:
            recipe, made = Recipe(name, kind, 3, 17), []
            assert Recipe.parse(str(recipe)) == recipe
            for _ in range(2):
                path = recipe.path(tmp_path)
                damage(kind, variants[0], path, recipe.generator())
                made.append(path.read_bytes())
            assert made[0] == made[1] != variants[0].data, recipe


def test_a_frame_that_ffmpeg_flagged_is_noticed(sources, tmp_path, monkeypatch):
    """With a reader that looks at no flags."""
    monkeypatch.setattr(truth, '_damaged', lambda positions, *_: np.zeros(len(positions), np.bool_))
    outcomes = [examine(Recipe('mpeg4_mp4', 'garbled', 0, number), sources, tmp_path) for number in range(10)]
    assert any('FFmpeg flagged' in fault for outcome in outcomes for fault in outcome.broken)


def test_an_error_that_is_no_video_error_is_noticed(sources, tmp_path, monkeypatch):
    monkeypatch.setattr(CompressedVideo, 'num_frames', property(lambda self: {}['no such thing']))
    outcome = examine(Recipe('mkv', 'bit_flips', 0, 0), sources, tmp_path)
    assert any("KeyError('no such thing')" in fault for fault in outcome.broken)


def _die(recipe, sources, folder):
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang(recipe, sources, folder):
    time.sleep(60)


@pytest.mark.parametrize(('deed', 'seen'), [(_die, 'died with -11'), (_hang, 'no answer')])
def test_a_death_and_a_hang_are_noticed_and_survived(sources, tmp_path, monkeypatch, deed, seen):
    monkeypatch.setattr(cell, 'HANG', 1.0)
    recipe = Recipe('webm', 'truncated', 0, 0)
    with Cell(sources, tmp_path, deed) as guarded:
        for _ in range(2):
            assert any(seen in fault for fault in guarded.examine(recipe).broken)


def flags_from(path, start):
    """pts -> flagged, of a decode that begins with the key packet number `start`."""
    container, stream = open_video(str(path))
    with container:
        packets = list(packets_with_data(container, stream))
        keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
        configure(stream.codec_context, 'pixels')
        found = {}
        for packet in [*packets[keys[start] :], None]:
            try:
                found |= {frame.pts: frame.is_corrupt for frame in stream.codec_context.decode(packet)}
            except av.FFmpegError:
                continue
        return found, len(keys)


@pytest.mark.parametrize('number', [2, 22, 1202])
def test_a_key_frame_is_as_good_a_start_as_the_first(number, sources, tmp_path):
    recipe = Recipe('mkv', 'bit_flips', 1, number)
    rng = recipe.generator()
    path = recipe.path(tmp_path)
    damage(recipe.kind, sources['mkv'][rng.integers(len(sources['mkv']))], path, rng)
    whole, keys = flags_from(path, 0)
    assert any(whole.values())
    for start in range(1, keys):
        found, _ = flags_from(path, start)
        assert found == {pts: whole[pts] for pts in found}, start


def test_a_first_picture_that_a_damaged_header_leaves_without_a_type_is_not_taken_for_whole(sources, tmp_path):
    """Only decoders that never name types have the container's word taken."""
    outcome = examine(Recipe('mpeg4_raw', 'header', 3, 146), sources, tmp_path)
    assert outcome.refused
    assert outcome.broken == ()
