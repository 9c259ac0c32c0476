"""A file is there whole or as it was before."""

import errno
import os
import resource

import pytest

from cmvl_mm.files.atomic import atomic_write, replace_text


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with atomic_write(path) as temporary:
        temporary.write_text('new')
        assert path.read_text() == 'old'
    assert path.read_text() == 'new'
    assert os.listdir(tmp_path) == ['a.txt']


def write_half(path):
    path.write_text('half')
    raise KeyError('the rest')


def test_an_error_leaves_what_was_there_and_nothing_beside_it(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(KeyError), atomic_write(path) as temporary:
        write_half(temporary)
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.txt']


def test_nothing_written_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / 'a.txt'):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize('name', ['no/such/folder/a.txt', 'folder'])
def test_what_cannot_be_written_is_named_as_it_was_asked_for_and_not_by_its_temporary_name(tmp_path, name):
    (tmp_path / 'folder').mkdir()
    with pytest.raises(OSError, match=f"/{name}'$") as caught, atomic_write(tmp_path / name) as temporary:
        temporary.write_text('new')
    assert caught.value.filename == str(tmp_path / name)
    assert os.listdir(tmp_path) == ['folder']


def test_a_full_disk_that_names_no_file_is_told_from_other_errors(tmp_path):
    for error, name in (
        (OSError(errno.ENOSPC, 'No space left on device'), str(tmp_path / 'a.txt')),
        (OSError(errno.EIO, 'Input/output error'), None),
        (FileNotFoundError(errno.ENOENT, 'No such file', 'source'), 'source'),
    ):
        with pytest.raises(OSError) as caught, atomic_write(tmp_path / 'a.txt'):
            raise error
        assert caught.value.filename == name


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / 'a.txt'
    replace_text(path, 'old')
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # bytes of a file
    try:
        with pytest.raises(OSError, match=r'File too large') as caught:
            replace_text(path, 'more than there is room for')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.filename == str(path)
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.txt']


def test_synced_the_content_is_on_the_disk_before_the_name_and_the_name_at_the_end(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, 'fsync', lambda descriptor: steps.append('sync') or fsync(descriptor))
    monkeypatch.setattr(os, 'replace', lambda *paths: steps.append('rename') or replace(*paths))
    with atomic_write(tmp_path / 'a.txt', synced=True) as temporary:
        temporary.write_text('new')
    assert steps == ['sync', 'rename', 'sync']
    with atomic_write(tmp_path / 'b.txt') as temporary:
        temporary.write_text('new')
    assert steps == ['sync', 'rename', 'sync', 'rename']
