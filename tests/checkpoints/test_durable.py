"""A crash at any moment of a save leaves the old files or the new one, and the two can be told apart."""

import errno
import hashlib
import io
import os
import subprocess

import pytest
import torch

from cmvl_mm.checkpoints import durable
from cmvl_mm.checkpoints.durable import (
    CheckpointWriteError,
    remove_checkpoint,
    require_writable,
    write_checkpoint,
)
from cmvl_mm.checkpoints.newest import newest_valid


def data_of(number: int) -> bytes:
    buffer = io.BytesIO()
    torch.save(dict(state_dict=dict(weight=torch.full((100,), float(number)))), buffer)
    return buffer.getvalue()


def number_in(path) -> int:
    return int(torch.load(path, weights_only=True)['state_dict']['weight'][0])


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_save_leaves_data_digest_and_pointer(tmp_path):
    write_checkpoint(data_of(1), tmp_path / 'epoch_1.pth')
    assert names(tmp_path) == ['epoch_1.pth', 'epoch_1.pth.sha256', 'last_checkpoint']
    digest = hashlib.sha256((tmp_path / 'epoch_1.pth').read_bytes()).hexdigest()
    assert (tmp_path / 'epoch_1.pth.sha256').read_text() == f'{digest}  epoch_1.pth\n'
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_1.pth')
    check = ['sha256sum', '--check', 'epoch_1.pth.sha256']
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0


class Crash(BaseException):
    """Not an error that anything cleans up after: the process is gone."""


def crash_at(call: int, monkeypatch) -> None:
    """The process dies in its `call`-th system call that changes the disk; half of a write is done."""
    made = [0]

    def counted(function, before=None):
        def wrapped(*args):
            made[0] += 1
            if made[0] == call:
                raise Crash
            return function(*args)

        return wrapped

    for name in ('fsync', 'replace'):
        monkeypatch.setattr(durable.os, name, counted(getattr(os, name)))


@pytest.mark.parametrize('replaced', [False, True], ids=['another name', 'same name'])
def test_a_crash_in_any_system_call_leaves_a_valid_checkpoint(tmp_path, monkeypatch, replaced):
    name = 'epoch_1.pth' if replaced else 'epoch_2.pth'
    call, seen = 0, []
    while True:
        call += 1
        folder = tmp_path / str(call)
        folder.mkdir()
        write_checkpoint(data_of(1), folder / 'epoch_1.pth')
        with monkeypatch.context() as patched:
            crash_at(call, patched)
            try:
                write_checkpoint(data_of(2), folder / name)
            except Crash:
                pass
            else:
                break
        path, _ = newest_valid(folder)
        assert path is not None
        assert number_in(path) in (1, 2)
        seen.append(number_in(path))
        write_checkpoint(data_of(3), folder / 'epoch_3.pth')  # which clears up
        assert not [left for left in names(folder) if left.endswith('.tmp')]
        assert all((folder / left.removesuffix('.sha256')).exists() for left in names(folder) if 'sha256' in left)
    assert call > 8
    assert seen == sorted(seen)  # old until the data has its name, new from then on
    assert set(seen) == {1, 2}


@pytest.mark.parametrize(('number', 'remedy'), [(errno.ENOSPC, 'free some space'), (errno.EROFS, 'for writing')])
def test_a_failing_disk_is_one_error_and_leaves_nothing_behind(tmp_path, monkeypatch, number, remedy):
    write_checkpoint(data_of(1), tmp_path / 'epoch_1.pth')
    before = names(tmp_path)

    def fail(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(durable.os, 'fsync', fail)
    with pytest.raises(CheckpointWriteError, match=rf'epoch_2\.pth.*{os.strerror(number)}.*Remedy: .*{remedy}'):
        write_checkpoint(data_of(2), tmp_path / 'epoch_2.pth')
    assert names(tmp_path) == before
    assert newest_valid(tmp_path) == (tmp_path / 'epoch_1.pth', [])
    with pytest.raises(CheckpointWriteError, match=rf'{tmp_path}: nothing can be written here.*{remedy}'):
        require_writable(tmp_path)


def test_removal_takes_the_digest_too(tmp_path):
    write_checkpoint(data_of(1), tmp_path / 'epoch_1.pth')
    remove_checkpoint(tmp_path / 'epoch_1.pth')
    assert names(tmp_path) == ['last_checkpoint']
