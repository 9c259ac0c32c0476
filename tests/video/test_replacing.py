"""Errors of a file that is written under another name first are of the name that somebody gave."""

import errno

import pytest

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.gif import write_gif
from cmvl_mm.video.replacing import disk_refusal, replacing


def test_an_error_of_the_temporary_file_names_the_file(tmp_path):
    with pytest.raises(VideoError) as caught, replacing(tmp_path / 'a.gif') as temporary:
        write_gif(lambda: iter(()), temporary)
    assert caught.value.path == str(tmp_path / 'a.gif')
    assert list(tmp_path.iterdir()) == []


def test_of_two_files_that_which_a_full_disk_refuses_is_named(tmp_path):
    """A video that is re-encoded: errors of its frames are of the source, but the disk is the result's."""
    with pytest.raises(VideoError) as caught, replacing(tmp_path / 'a.mp4'):
        raise VideoError('source.avi', 'encode', 'it stopped') from OSError(errno.ENOSPC, 'No space left on device')
    assert str(caught.value).startswith(f'{tmp_path}/a.mp4: encode: No space left on device. Free space on this disk')
    assert disk_refusal(caught.value).errno == errno.ENOSPC
    other = VideoError('source.avi', 'decode', 'it is cut off')
    with pytest.raises(VideoError) as caught, replacing(tmp_path / 'a.mp4'):
        raise other
    assert caught.value is other
    assert disk_refusal(other) is None
