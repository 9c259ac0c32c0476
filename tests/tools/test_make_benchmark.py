"""make_benchmark.py writes a level, resumes, and says what it refuses."""

import numpy as np
import pytest

from cmvl_mm.controlled import basic
from cmvl_mm.datasets.annotation import read_list


@pytest.fixture
def make(tool, start, monkeypatch):
    monkeypatch.setattr(basic, 'NUM_FRAMES', 5)
    return lambda *words: start(tool('make_benchmark'), *words)


def test_writes_what_the_configs_read_and_goes_on(make, tmp_path, capsys):
    out = tmp_path / 'basic'
    options = ('--level', 'basic', '--val', 0, '--test', 0, '--workers', 1)
    make(out, *options, '--train', 1)
    entries = read_list(out / 'annotations' / 'train_motion.txt', 'required')
    assert np.bincount([entry.label for entry in entries]).tolist() == [8] * 8
    assert all((out / entry.path).is_file() for entry in entries)
    assert '64 videos, 64 to write' in capsys.readouterr().out
    make(out, *options, '--train', 1)
    assert '64 videos, 0 to write' in capsys.readouterr().out


def test_another_level_and_a_file_in_the_way_are_refused_by_name(make, tmp_path):
    options = ('--level', 'basic', '--train', 0, '--val', 0, '--test', 0)
    (tmp_path / 'benchmark.txt').write_text('level hard, seed 3\n')
    with pytest.raises(SystemExit, match='has the benchmark of level hard, seed 3, not of level basic, seed 0'):
        make(tmp_path, *options)
    with pytest.raises(SystemExit, match=r'benchmark\.txt'):
        make(tmp_path / 'benchmark.txt', *options)
