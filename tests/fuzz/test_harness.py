"""The harness finds what it looks for, and does not mistake a sound file for a damaged one."""

import os
import signal
import time

import cell
import numpy as np
import pytest
import victim
from cell import Cell, Recipe, examine
from damage import KINDS, damage
from oracle import plain_decode
from sources import FORMATS, make_sources

from cmvl_mm.video import CompressedVideo, truth


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


def test_sources_repeat(sources, tmp_path):
    again = make_sources(tmp_path)
    for name, variants in sources.items():
        assert [one.data == other.data for one, other in zip(variants, again[name], strict=True)] == [True] * len(
            variants
        )


def test_every_kind_of_damage_changes_the_file_and_repeats(sources, tmp_path):
    for name, variants in sources.items():
        for kind in KINDS:
            made = []
            for _ in range(2):
                path = tmp_path / f'{kind}{FORMATS[name][0]}'
                damage(kind, variants[0], path, Recipe(name, kind, 0, 1).generator())
                made.append(path.read_bytes())
            assert made[0] == made[1], (name, kind)
            assert made[0] != variants[0].data, (name, kind)


def test_a_recipe_is_its_own_name():
    recipe = Recipe('mpeg4_avi', 'garbled', 3, 17)
    assert Recipe.parse(str(recipe)) == recipe


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
