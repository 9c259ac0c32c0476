"""The light versions of the checks that RELIABILITY.md quotes."""

import importlib
import pickle
import re
from pathlib import Path

import pytest
from code_scan import dangerous_calls
from mmengine.hooks import Hook
from refused_files import Flag
from run_all import TOPICS
from short_run import config, make_videos, options

from cmvl_mm.engine.logs import read_curves
from cmvl_mm.engine.runner import CompressedRunner


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize('topic', TOPICS)
def test_they_hold(topic):
    findings = importlib.import_module(topic).findings('light')
    assert findings
    assert [finding for finding in findings if not finding.held] == []


class FreeSpace(Hook):
    """At the end of an epoch the file may be written."""

    def __init__(self, path):
        self.path = path

    def after_train_epoch(self, runner):
        if self.path.is_symlink():
            self.path.unlink()


@pytest.mark.slow
def test_curves_that_cannot_be_written_do_not_end_training(tmp_path, capsys):
    """The shipped config, with a full device in place of its file of curves until half of the run is done."""
    runner = CompressedRunner.from_cfg(config(options(make_videos(tmp_path / 'set'), tmp_path / 'run')))
    curves = Path(runner.log_dir, 'vis_data', 'scalars.json')
    curves.parent.mkdir(parents=True, exist_ok=True)
    curves.symlink_to('/dev/full')
    runner.register_hook(FreeSpace(curves))
    runner.train()
    printed = capsys.readouterr().out
    assert printed.count('a row of the curves could not be written: No space left on device. Training continues') == 4
    assert (tmp_path / 'run' / 'iter_8.pth').exists()
    assert [row['step'] for row in read_curves(tmp_path / 'run')] == [5, 6, 7, 8]


def test_every_guard_is_a_test(repository):
    """RELIABILITY.md says of every promise which test fails when it breaks."""
    guards = re.findall(r'`(tests/[^`]+)` \|$', (repository / 'RELIABILITY.md').read_text(), re.MULTILINE)
    assert len(guards) > 20
    for guard in guards:
        path, _, name = guard.partition('::')
        name, _, topic = name.partition('[')
        assert f'def {name}' in (repository / path).read_text(), guard
        assert not topic or topic.removesuffix(']') in TOPICS, guard


def test_what_looks_for_restored_objects_and_for_dangerous_calls_sees_them(tmp_path):
    pickle.loads(pickle.dumps(Flag(tmp_path / 'flag')))
    assert (tmp_path / 'flag').exists()
    assert [line for line in FORBIDDEN.strip().splitlines() if not list(dangerous_calls(line))] == []
    assert list(dangerous_calls(ALLOWED)) == []


FORBIDDEN = """
import os; os.popen("x")
from os import popen; popen("x")
import os as o; o.popen("x")
import subprocess; subprocess.run("ls " + name, shell=True)
import subprocess; subprocess.run(f"ls {name}")
from subprocess import check_output as run; run("ls")
import subprocess; subprocess.run(words, shell=shell)
eval(text)
list(map(eval, texts))
exec(text)
import pickle; pickle.load(file)
from pickle import loads; loads(data)
import yaml; yaml.load(text, Loader=yaml.Loader)
import yaml; yaml.unsafe_load(text)
import torch; torch.load(path)
import torch; torch.load(path, weights_only=flag)
import numpy as np; np.load(path, allow_pickle=True)
import mmengine; mmengine.load(path)
from mmengine.fileio import load; load(path)
from mmengine.runner import load_checkpoint; load_checkpoint(model, path)
"""
ALLOWED = """
import subprocess, yaml, torch, json
import numpy as np
subprocess.run(['ls', name], check=True)
yaml.safe_load(text), json.load(file), model.eval(), runner.load_checkpoint(path)
torch.load(path, map_location='cpu', weights_only=True), np.load(path, allow_pickle=False), np.load(path)
"""
