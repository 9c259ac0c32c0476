"""`import cmvl_mm` gives the public names, and loads what one of them needs only when it is used."""

import re
import subprocess
import sys

import pytest

import cmvl_mm
from cmvl_mm.video import CompressedVideo, VideoError
from cmvl_mm.video.encode import reencode

READER = 'CompressedVideo, Frames, Batch, MotionField, VideoMetadata, VideoError, FrameIndexError, SettingError'
LIGHT = f'{READER}, reencode, Profile, PROFILES, read_list'
"""Public names that need PyAV and NumPy alone."""
HEAVY = {'torch', 'torchvision', 'matplotlib', 'cv2', 'mmengine', 'mmcv', 'mmaction'}


@pytest.mark.parametrize('name', cmvl_mm.__all__)
def test_every_public_name_is_there_listed_and_documented(name):
    assert getattr(cmvl_mm, name) is not None
    assert name in dir(cmvl_mm)
    assert f'`{name}`' in cmvl_mm.__doc__


def test_a_public_name_is_that_of_its_module_and_another_is_an_attribute_error():
    assert (cmvl_mm.CompressedVideo, cmvl_mm.VideoError, cmvl_mm.reencode) == (CompressedVideo, VideoError, reencode)
    from cmvl_mm import hub

    assert cmvl_mm.hub is hub is sys.modules['cmvl_mm.hub']
    with pytest.raises(AttributeError, match='CompresedVideo'):
        cmvl_mm.CompresedVideo  # noqa: B018
    assert not hasattr(cmvl_mm, 'nothing')


@pytest.mark.parametrize(
    ('code', 'heavy'),
    [
        ('import cmvl_mm; dir(cmvl_mm); cmvl_mm.__version__', HEAVY),
        (f'from cmvl_mm import {LIGHT}', HEAVY),
        ('import cmvl_mm.video, cmvl_mm.video.encode', HEAVY),
        ('import cmvl_mm.controlled.video_set, cmvl_mm.controlled.synthetic', HEAVY),
        ('import cmvl_mm.files.git, cmvl_mm.files.machine, cmvl_mm.engine.logs', HEAVY),
        ('import cmvl_mm.bitstream.by_codec, cmvl_mm.bitstream.mpeg4_b_vop', HEAVY | {'av'}),
    ],
)
def test_what_each_part_needs_is_all_that_it_loads(code, heavy, repository):
    code += '\nimport sys; print(sorted({name.split(".")[0] for name in sys.modules}))'
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=repository)
    assert 'cmvl_mm' in run.stdout
    assert not [name for name in heavy if f"'{name}'" in run.stdout]


def test_the_reader_with_its_records_and_errors_is_public_at_both_places(repository):
    page = (repository / 'docs' / 'api' / 'video.md').read_text()
    section = page.partition('## Reading\n')[2].partition('\n## ')[0]
    documented = re.findall(r'^\.\. auto\w+:: cmvl_mm\.video\.(\w+)$', section, re.MULTILINE)
    assert sorted(documented) == sorted(READER.split(', '))
    for name in documented:
        assert getattr(cmvl_mm, name) is getattr(cmvl_mm.video, name)
        assert name in cmvl_mm.video.__all__


def test_a_name_without_its_extra_says_which_one_to_install():
    code = 'import sys; sys.modules["mmaction"] = None; import cmvl_mm; cmvl_mm.embed'
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith('ModuleNotFoundError: cmvl_mm.embed needs mmaction, which is not installed.')
    assert last.endswith("pip install 'cmvl_mm[train]'.")
