"""A crash at any moment of a save leaves the old files or the new one; the newest that is what was written is found."""

import errno
import hashlib
import io
import os
import subprocess

import pytest
import torch

from cmvl_mm.checkpoints import durable
from cmvl_mm.checkpoints.durable import CheckpointWriteError, remove_checkpoint, require_writable, write_checkpoint
from cmvl_mm.checkpoints.newest import mismatch, newest_valid


def data_of(number: int) -> bytes:
    buffer = io.BytesIO()
    torch.save(dict(state_dict=dict(weight=torch.full((100,), float(number)))), buffer)
    return buffer.getvalue()


def number_in(path) -> int:
    return int(torch.load(path, weights_only=True)['state_dict']['weight'][0])


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_save_leaves_data_digest_and_pointer_and_removal_takes_the_digest_too(tmp_path):
    write_checkpoint(data_of(1), tmp_path / 'epoch_1.pth')
    assert names(tmp_path) == ['epoch_1.pth', 'epoch_1.pth.sha256', 'last_checkpoint']
    digest = hashlib.sha256((tmp_path / 'epoch_1.pth').read_bytes()).hexdigest()
    assert (tmp_path / 'epoch_1.pth.sha256').read_text() == f'{digest}  epoch_1.pth\n'
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_1.pth')
    subprocess.run(['sha256sum', '--check', 'epoch_1.pth.sha256'], cwd=tmp_path, capture_output=True, check=True)
    remove_checkpoint(tmp_path / 'epoch_1.pth')
    assert names(tmp_path) == ['last_checkpoint']


class Crash(BaseException):
    """Not an error that anything cleans up after: the process is gone."""


def crash_at(call: int, monkeypatch) -> None:
    """The process dies in its `call`-th system call that changes the disk."""
    made = []

    def counted(function):
        def wrapped(*args):
            made.append(function)
            if len(made) == call:
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


@pytest.fixture
def two(tmp_path):
    """Checkpoints 1 and 2 in the folder."""
    for number in (1, 2):
        write_checkpoint(data_of(number), tmp_path / f'epoch_{number}.pth')


def test_one_changed_byte_is_passed_over_and_named(tmp_path, two):
    damaged = bytearray((tmp_path / 'epoch_2.pth').read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / 'epoch_2.pth').write_bytes(damaged)
    path, skipped = newest_valid(tmp_path)
    assert path == tmp_path / 'epoch_1.pth'
    assert len(skipped) == 1
    assert f'{tmp_path}/epoch_2.pth: its SHA-256 is' in skipped[0]
    assert mismatch(tmp_path / 'epoch_1.pth') is None


@pytest.mark.parametrize('pointer', ['', 'epoch_9.pth', '/elsewhere/epoch_2.pth', None])
def test_the_pointer_is_a_hint_and_nothing_more(tmp_path, two, pointer):
    (tmp_path / 'last_checkpoint').unlink()
    if pointer is not None:
        (tmp_path / 'last_checkpoint').write_text(pointer)
    assert newest_valid(tmp_path)[0] == tmp_path / 'epoch_2.pth'


def test_a_copy_that_lost_its_times_goes_by_the_pointer_and_only_files_since_a_time_count(tmp_path, two):
    os.utime(tmp_path / 'epoch_1.pth')
    assert newest_valid(tmp_path)[0] == tmp_path / 'epoch_2.pth'
    write_checkpoint(data_of(1), tmp_path / 'epoch_1.pth')
    since = (tmp_path / 'epoch_1.pth').stat().st_mtime_ns
    assert newest_valid(tmp_path, since)[0] == tmp_path / 'epoch_1.pth'
    assert newest_valid(tmp_path, since + 1) == (None, [])


def test_files_from_elsewhere_need_no_digest_but_must_be_whole(tmp_path):
    (tmp_path / 'epoch_1.pth').write_bytes(data_of(1))
    (tmp_path / 'epoch_2.pth').write_bytes(data_of(2)[:-200])
    (tmp_path / 'epoch_3.pth').write_bytes(data_of(3).replace(torch.full((9,), 3.0).numpy().tobytes(), bytes(36), 1))
    (tmp_path / 'notes.pth').write_bytes(data_of(4))
    for age, name in enumerate(('epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth')):
        os.utime(tmp_path / name, ns=(age, age))
    path, skipped = newest_valid(tmp_path)
    assert path == tmp_path / 'epoch_1.pth'
    assert [line.split(': ')[0] for line in skipped] == [f'{tmp_path}/epoch_{n}.pth' for n in (3, 2)]
