"""What a tool does for its process: MMEngine's readers take annotations and checkpoints as data."""

import runpy
import subprocess
import sys

import mmengine
import pytest

from cmvl_mm.engine.strict_files import read_files_as_data

READ = """
import sys
import mmengine
import torch
from mmengine.runner import load_checkpoint
import cmvl_mm.register
from cmvl_mm.engine.strict_files import read_files_as_data
read_files_as_data()
"""


@pytest.fixture
def run(tmp_path):
    def run(code):
        words = [sys.executable, '-W', 'ignore', '-c', READ + code]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_data_are_read_and_objects_are_refused(run):
    outcome = run("""
import pathlib
from mmengine.logging import HistoryBuffer
plain = dict(videos=['a.mp4', 'b.mp4'], share=0.5)
for suffix in ('yaml', 'yml', 'json', 'pkl'):
    mmengine.dump(plain, f'a.{suffix}')
    if suffix != 'pkl':
        assert mmengine.load(f'a.{suffix}') == plain
pathlib.Path('b.yml').write_text('!tag {}')
layer = torch.nn.Linear(2, 1)
torch.save(dict(state_dict=layer.state_dict(), message_hub=HistoryBuffer([1.0], [1])), 'a.pth')
torch.save(dict(state_dict=layer.state_dict(), meta=pathlib.PurePosixPath('x')), 'b.pth')
other = torch.nn.Linear(2, 1)
load_checkpoint(other, 'a.pth')
assert torch.equal(other.weight, layer.weight)
for read in (lambda: mmengine.load('a.pkl'), lambda: mmengine.load('b.yml'), lambda: load_checkpoint(other, 'b.pth')):
    try:
        read()
    except ValueError as error:
        assert 'Remedy' in str(error), error
    else:
        raise AssertionError('read')
""")
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize('tool', ['train', 'test', 'show_sample'])
def test_the_tools_do_so_before_they_read_anything(repository, monkeypatch, tool):
    module = runpy.run_path(str(repository / f'tools/{tool}.py'))

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setitem(module['main'].__globals__, 'read_files_as_data', stop)
    monkeypatch.setattr(sys, 'argv', [tool, 'nowhere.py'])
    with pytest.raises(KeyboardInterrupt):
        module['main']()


@pytest.fixture(scope='module')
def a_tool_ran_here():
    read_files_as_data()


def test_a_tool_that_a_wider_fixture_calls_leaves_no_test_strict_readers(a_tool_ran_here, tmp_path):
    mmengine.dump([1], tmp_path / 'a.pkl')
    assert mmengine.load(tmp_path / 'a.pkl') == [1]
