"""The environment of `make setup` is whole although pip resolves nothing there, and holds one OpenCV."""

import re
from importlib.metadata import distributions, packages_distributions

import pytest
from packaging.requirements import Requirement

LEFT_OUT = 'opencv-python'
"""MMEngine and mmcv-lite ask for it; opencv-contrib-python holds the same and TV-L1, in the same folder."""


@pytest.fixture(scope='module')
def pinned(repository):
    """Requirements that hold on this Python."""
    lines = (repository / 'requirements.txt').read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith('#')]
    return [one for one in found if one.marker is None or one.marker.evaluate()]


def test_one_opencv_is_installed_and_it_has_tvl1():
    """Remedy of an environment that has two: make clean setup."""
    import cv2

    assert packages_distributions()['cv2'] == ['opencv-contrib-python']
    assert hasattr(cv2, 'optflow')


def test_no_opencv_but_one_is_pinned(pinned):
    assert [one.name for one in pinned if 'opencv' in one.name] == ['opencv-contrib-python']


def test_what_the_pinned_packages_need_is_there(pinned):
    """As `pip check` says, but for the OpenCV that is left out."""
    installed = {one.metadata['Name'].lower().replace('_', '-'): one for one in distributions()}
    unmet = []
    for name in ['torch', *[one.name.lower().replace('_', '-') for one in pinned]]:
        if name not in installed:
            unmet.append(f'{name} is not installed')
            continue
        for text in installed[name].requires or []:
            needed = Requirement(text)
            if needed.name == LEFT_OUT or (needed.marker is not None and not needed.marker.evaluate({'extra': ''})):
                continue
            found = installed.get(needed.name.lower().replace('_', '-'))
            if found is None or not needed.specifier.contains(found.version, prereleases=True):
                unmet.append(f'{name} needs {text}')
    assert unmet == []


def test_each_package_is_pinned_once_on_every_python(repository, pinned):
    names = [re.sub('[-_.]+', '-', one.name).lower() for one in pinned]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r'==[\w.]+', str(one.specifier)) for one in pinned)
