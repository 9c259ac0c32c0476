"""The newest checkpoint that is what was written, whatever has happened to the files and to the pointer."""

import io
import os

import pytest
import torch

from cmvl_mm.checkpoints.durable import write_checkpoint
from cmvl_mm.checkpoints.newest import mismatch, newest_valid


def data_of(number: int) -> bytes:
    buffer = io.BytesIO()
    torch.save(dict(state_dict=dict(weight=torch.full((100,), float(number)))), buffer)
    return buffer.getvalue()


def test_one_changed_byte_is_passed_over_and_named(tmp_path):
    for number in (1, 2):
        write_checkpoint(data_of(number), tmp_path / f'epoch_{number}.pth')
    damaged = bytearray((tmp_path / 'epoch_2.pth').read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / 'epoch_2.pth').write_bytes(damaged)
    path, skipped = newest_valid(tmp_path)
    assert path == tmp_path / 'epoch_1.pth'
    assert len(skipped) == 1
    assert f'{tmp_path}/epoch_2.pth: its SHA-256 is' in skipped[0]
    assert mismatch(tmp_path / 'epoch_1.pth') is None


@pytest.mark.parametrize('pointer', ['', 'epoch_9.pth', '/elsewhere/epoch_2.pth', None])
def test_the_pointer_is_a_hint_and_nothing_more(tmp_path, pointer):
    for number in (1, 2):
        write_checkpoint(data_of(number), tmp_path / f'epoch_{number}.pth')
    (tmp_path / 'last_checkpoint').unlink()
    if pointer is not None:
        (tmp_path / 'last_checkpoint').write_text(pointer)
    assert newest_valid(tmp_path)[0] == tmp_path / 'epoch_2.pth'


def test_a_copy_that_lost_its_times_goes_by_the_pointer(tmp_path):
    for number in (1, 2):
        write_checkpoint(data_of(number), tmp_path / f'epoch_{number}.pth')
    os.utime(tmp_path / 'epoch_1.pth')
    assert newest_valid(tmp_path)[0] == tmp_path / 'epoch_2.pth'


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


def test_only_files_since_a_time_count(tmp_path):
    write_checkpoint(data_of(1), tmp_path / 'epoch_1.pth')
    since = (tmp_path / 'epoch_1.pth').stat().st_mtime_ns
    assert newest_valid(tmp_path, since)[0] == tmp_path / 'epoch_1.pth'
    assert newest_valid(tmp_path, since + 1) == (None, [])
