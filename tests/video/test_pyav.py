"""Which PyAV is supported, and whose fault an error is."""

import re

import av
import pytest

from cmvl_mm.video import CompressedVideo
from cmvl_mm.video import container as container_module
from cmvl_mm.video.pyav import SUPPORTED, UnsupportedPyAV, check_version


@pytest.mark.parametrize('version', ['18.1.0', '18.2.3', '19.0.2', av.__version__])
def test_supported_releases(version):
    check_version(version)


@pytest.mark.parametrize('version', ['17.1.0', '18.0.0', '20.0.0'])
def test_other_releases_are_refused_with_the_remedy(version):
    with pytest.raises(UnsupportedPyAV, match=re.escape(f'PyAV {version} is not supported. Remedy: pip install')):
        check_version(version)


def test_the_package_asks_for_the_releases_that_are_supported(repository):
    assert f'"av{SUPPORTED}"' in (repository / 'pyproject.toml').read_text()


def test_a_call_that_pyav_does_not_take_is_not_blamed_on_the_file(tmp_path, monkeypatch):
    def other_open(url, options):
        return av.open(url, options=options, no_such_argument=1)

    monkeypatch.setattr(container_module, 'open_file', other_open)
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'x')
    with pytest.raises(TypeError, match='no_such_argument'):
        CompressedVideo(str(path))
