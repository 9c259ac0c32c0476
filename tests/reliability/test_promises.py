"""The light versions of the checks that RELIABILITY.md quotes; those of the engine have files of their own."""

import importlib
import pickle
import re

import pytest
from code_scan import dangerous_calls
from refused_files import Flag
from run_all import TOPICS

OF_THE_ENGINE = ('interrupted_save', 'resume', 'signals', 'dying_peers')


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
@pytest.mark.parametrize('topic', [topic for topic in TOPICS if topic not in OF_THE_ENGINE])
def test_they_hold(topic):
    broken = [finding for finding in importlib.import_module(topic).findings('light') if not finding.held]
    assert not broken


def test_every_guard_is_a_test(repository):
    """RELIABILITY.md says of every promise which test fails when it breaks."""
    guards = re.findall(r'`(tests/[^`]+)` \|$', (repository / 'RELIABILITY.md').read_text(), re.MULTILINE)
    assert len(guards) > 20
    for guard in guards:
        path, _, name = guard.partition('::')
        name, _, topic = name.partition('[')
        assert f'def {name}' in (repository / path).read_text(), guard
        assert not topic or topic.removesuffix(']') in TOPICS, guard


def test_an_object_that_is_restored_is_seen(tmp_path):
    pickle.loads(pickle.dumps(Flag(tmp_path / 'flag')))
    assert (tmp_path / 'flag').exists()


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


def test_the_scan_of_the_code_sees_each_kind_and_lets_good_code_pass():
    assert [line for line in FORBIDDEN.strip().splitlines() if not list(dangerous_calls(line))] == []
    assert list(dangerous_calls(ALLOWED)) == []
