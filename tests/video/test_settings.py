"""A setting that cannot be is refused where it is given, by one error that shows the value and says what would do."""

import inspect
import re
from importlib import import_module

import numpy as np
import pytest
from setting_cases import SIZE, Entry, entries

from cmvl_mm.controlled.synthetic import make_pan
from cmvl_mm.video import CompressedVideo, FrameIndexError, MotionField, SettingError, patch_energy
from cmvl_mm.video.encode import Profile, write_video
from cmvl_mm.video.torch import GopDataset, VideoDataset


def fault_of(entry: Entry, value: object) -> str:
    """What is wrong with how a value is refused; nothing where it is as it should be."""
    try:
        entry.call(value)
    except (SettingError, FrameIndexError, ValueError, TypeError) as error:
        text = str(error)
        if entry.name not in text:
            return f'refused without the name: {type(error).__name__}: {text}'
        helps = ('Give', 'Use', 'Remedy:', 'Ask', 'give', ' for ', 'must be')
        return '' if any(word in text for word in helps) else f'refused without a remedy: {text}'
    except Exception as error:
        return f'{type(error).__name__}: {error}'
    return 'taken'


def test_what_cannot_be_is_refused_and_what_can_be_is_taken(tmp_path):
    path = tmp_path / 'v.mp4'
    write_video(make_pan(displacement=(2, 1), num_frames=26, **SIZE).frames, path)
    faults, refused = [], 0
    with CompressedVideo(path) as video:
        for entry in entries(video, tmp_path):
            for value in entry.wrong:
                refused += 1
                if fault := fault_of(entry, value):
                    faults.append(f'{entry.name} = {value!r}: {fault}')
            for value in entry.right:
                entry.call(value)
    assert faults == []
    assert refused > 900


def test_no_documented_setting_is_left_out(repository, tmp_path):
    """Whoever adds a number, a flag or a choice adds it to `entries`."""
    path = tmp_path / 'v.mp4'
    write_video(make_pan(displacement=(2, 1), num_frames=26, **SIZE).frames, path)
    with CompressedVideo(path) as video:
        checked = {entry.name for entry in entries(video, tmp_path)}
    page = (repository / 'docs/api/video.md').read_text()
    named = re.findall(r'^\.\. autofunction:: (\S+)\.(\w+)$', page, re.MULTILINE)
    functions = [getattr(import_module(module), name) for module, name in named]  # some share a module's name
    made = (CompressedVideo, VideoDataset, GopDataset, Profile, MotionField)
    methods = [function for _, function in inspect.getmembers(CompressedVideo, inspect.isfunction)]
    left_out = {
        f'{function.__qualname__}: {name}'
        for function in (*functions, *made, *methods)
        for name, parameter in inspect.signature(function).parameters.items()
        if re.search('int|bool|float|Literal', str(parameter.annotation)) and 'ndarray' not in str(parameter.annotation)
        if name not in checked
    }
    # Errors call it "a frame", or a part of a slice.
    assert left_out == {'CompressedVideo.__getitem__: index'}


def test_an_error_shows_long_values_in_short_and_on_one_line():
    with pytest.raises(ValueError, match='patch is array') as raised:
        patch_energy(
            MotionField(np.zeros((1, 1, 1, 2), np.int16), np.zeros((1, 1, 1), np.bool_), 16),
            height=16,
            width=16,
            patch=np.zeros((50, 50)),
        )
    text = str(raised.value)
    assert len(text) < 120
    assert '\n' not in text
