"""The light version of what RELIABILITY.md says of untrusted files, and that the checks themselves can fail."""

import pickle

import pytest
import untrusted_files
from code_scan import dangerous_calls
from refused_files import Flag


@pytest.mark.slow
def test_light_version():
    broken = [finding for finding in untrusted_files.findings('light') if not finding.held]
    assert not broken


def test_a_restored_object_is_seen(tmp_path):
    pickle.loads(pickle.dumps(Flag(tmp_path / 'flag')))
    assert (tmp_path / 'flag').exists()


@pytest.mark.parametrize(
    'source',
    [
        'import os; os.popen("x")',
        'from os import popen; popen("x")',
        'import os as o; o.popen("x")',
        'import subprocess; subprocess.run("ls " + name, shell=True)',
        'import subprocess; subprocess.run(f"ls {name}")',
        'from subprocess import check_output as run; run("ls")',
        'import subprocess; subprocess.run(words, shell=shell)',
        'eval(text)',
        'list(map(eval, texts))',
        'exec(text)',
        'import pickle; pickle.load(file)',
        'from pickle import loads; loads(data)',
        'import yaml; yaml.load(text, Loader=yaml.Loader)',
        'import torch; torch.load(path)',
        'import torch; torch.load(path, weights_only=flag)',
        'import numpy as np; np.load(path, allow_pickle=True)',
        'import mmengine; mmengine.load(path)',
        'from mmengine.fileio import load; load(path)',
        'from mmengine.runner import load_checkpoint; load_checkpoint(model, path)',
    ],
)
def test_the_scan_sees_each_kind(source):
    assert list(dangerous_calls(source))


def test_the_scan_lets_good_code_pass():
    source = """
import subprocess, yaml, torch, json
import numpy as np
subprocess.run(['ls', name], check=True)
yaml.safe_load(text), json.load(file), model.eval(), runner.load_checkpoint(path)
torch.load(path, map_location='cpu', weights_only=True), np.load(path, allow_pickle=False), np.load(path)
"""
    assert list(dangerous_calls(source)) == []
