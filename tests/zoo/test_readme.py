"""The program of the README runs as printed, on another folder and with another name."""

import os
import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_features_of_a_folder(repository, zoo, controlled_set):
    zoo()
    blocks = re.findall(r'```python\n(.*?)```', (repository / 'README.md').read_text(), re.DOTALL)
    (text,) = (block for block in blocks if 'hub.load' in block)
    text = re.sub(r"hub\.load\('[^']+'", "hub.load('tiny_c3d'", text)
    text = text.replace('prepared/all.txt', f'{controlled_set}/test.txt').replace("'prepared'", f"'{controlled_set}'")
    environment = os.environ | dict(PYTHONPATH=str(repository), OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore')
    outcome = subprocess.run(
        [sys.executable, '-c', text], cwd=repository, env=environment, capture_output=True, text=True, timeout=300
    )
    assert outcome.returncode == 0, outcome.stderr[-3000:]
    found = re.findall(r'^(videos/test\d\.mp4) tensor\(', outcome.stdout, re.MULTILINE)
    assert found == [f'videos/test{number}.mp4' for number in range(8)]
