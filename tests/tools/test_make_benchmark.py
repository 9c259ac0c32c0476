"""make_benchmark.py writes a level, goes on where it was, and says what it refuses."""

import sys

import numpy as np
import pytest

from cmvl_mm.controlled import basic
from cmvl_mm.datasets.annotation import read_list


@pytest.fixture
def tool(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    monkeypatch.setattr(basic, 'NUM_FRAMES', 5)
    import make_benchmark

    def start(*arguments):
        monkeypatch.setattr(sys, 'argv', ['make_benchmark.py', *map(str, arguments)])
        make_benchmark.main()

    return start


def test_writes_what_the_configs_read_and_goes_on(tool, tmp_path, capsys):
    out = tmp_path / 'basic'
    options = ('--level', 'basic', '--val', 0, '--test', 0, '--workers', 1)
    tool(out, *options, '--train', 1)
    entries = read_list(out / 'annotations' / 'train_motion.txt', 'required')
    assert np.bincount([entry.label for entry in entries]).tolist() == [8] * 8
    assert all((out / entry.path).is_file() for entry in entries)
    assert '64 videos, 64 to write' in capsys.readouterr().out
    tool(out, *options, '--train', 1)
    assert '64 videos, 0 to write' in capsys.readouterr().out


def test_another_level_needs_another_folder(tool, tmp_path):
    (tmp_path / 'benchmark.txt').write_text('level hard, seed 3\n')
    with pytest.raises(SystemExit, match='holds the benchmark of level hard, seed 3, not of level basic, seed 0'):
        tool(tmp_path, '--level', 'basic', '--train', 0, '--val', 0, '--test', 0)


def test_a_file_in_the_way_is_named(tool, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(SystemExit, match='file'):
        tool(tmp_path / 'file', '--level', 'basic', '--train', 0, '--val', 0, '--test', 0)
