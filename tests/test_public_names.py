"""`import cmvl_mm` gives the public names, and loads what one of them needs only when it is used."""

import subprocess
import sys

import pytest

import cmvl_mm
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.encode import reencode

LIGHT = (
    'CompressedVideo',
    'MotionField',
    'VideoError',
    'FrameIndexError',
    'reencode',
    'Profile',
    'PROFILES',
    'read_list',
)
"""Public names that need PyAV and NumPy alone."""
HEAVY = {'torch', 'torchvision', 'matplotlib', 'cv2', 'mmengine', 'mmcv', 'mmaction'}


@pytest.mark.parametrize('name', cmvl_mm.__all__)
def test_every_public_name_is_there_listed_and_documented(name):
    assert getattr(cmvl_mm, name) is not None
    assert name in dir(cmvl_mm)
    assert f'`{name}`' in cmvl_mm.__doc__


def test_a_public_name_is_that_of_its_module():
    assert (cmvl_mm.CompressedVideo, cmvl_mm.VideoError, cmvl_mm.reencode) == (CompressedVideo, VideoError, reencode)
    from cmvl_mm import hub

    assert cmvl_mm.hub is hub is sys.modules['cmvl_mm.hub']


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match='CompresedVideo'):
        cmvl_mm.CompresedVideo  # noqa: B018
    assert not hasattr(cmvl_mm, 'nothing')


@pytest.mark.parametrize(
    'code',
    [
        'import cmvl_mm; dir(cmvl_mm); cmvl_mm.__version__',
        f'from cmvl_mm import {", ".join(LIGHT)}',
        'import cmvl_mm.video, cmvl_mm.video.encode',
        'import cmvl_mm.controlled.video_set, cmvl_mm.controlled.synthetic',
        'import cmvl_mm.files.git, cmvl_mm.files.machine, cmvl_mm.engine.logs',
    ],
)
def test_reading_and_writing_videos_loads_no_training_library(code, repository):
    code += '\nimport sys; print(sorted({name.split(".")[0] for name in sys.modules}))'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=repository)
    assert 'cmvl_mm' in run.stdout
    assert not [name for name in HEAVY if f"'{name}'" in run.stdout]


def test_headers_are_read_with_numpy_alone(repository):
    code = 'import sys, cmvl_mm.bitstream.by_codec, cmvl_mm.bitstream.mpeg4_b_vop; print("av" in sys.modules)'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=repository)
    assert run.stdout.strip() == 'False'
