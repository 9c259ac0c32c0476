"""The shell scripts hand every argument on as it is: nothing in it is expanded, split or run."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

ODD = ['$(touch ran)', '`touch ran`', '; touch ran', '& touch ran', "it's", 'two words', '*', '"', '$HOME', 'a\nb', '']
FAKE = '#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n'


@pytest.fixture
def run(repository, tmp_path):
    """A script with programs in place of Python, srun and scontrol that print their arguments."""
    for name in ('python', 'srun', 'scontrol'):
        path = tmp_path / 'bin' / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(FAKE)
        path.chmod(path.stat().st_mode | stat.S_IEXEC)

    def start(script, *words):
        environment = {'PATH': f'{tmp_path}/bin:{os.environ["PATH"]}', 'PYTHON': 'python', 'GPUS_PER_NODE': '0'}
        command = ['bash', str(repository / 'tools' / script), *words]
        outcome = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        )
        assert sorted(path.name for path in tmp_path.iterdir()) == ['bin']
        return json.loads(outcome.stdout)

    return start


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_arguments_arrive_as_they_are(run, script):
    fixed = {'dist_train.sh': 2, 'dist_test.sh': 3, 'slurm_train.sh': 3, 'slurm_test.sh': 4}[script]
    odd = ODD[:fixed]
    seen = run(script, *odd, *ODD)
    assert seen[-len(ODD) :] == ODD
    assert all(any(word == arrived or f'={word}' in arrived for arrived in seen) for word in odd)


def test_what_slurm_starts_hands_on_as_well(run, repository, tmp_path):
    """srun gets a line of bash; its words come as that line's own arguments."""
    words = run('slurm_train.sh', 'partition', 'job', *ODD)
    line = words[words.index('bash') :]
    environment = {'PATH': f'{tmp_path}/bin:{os.environ["PATH"]}', 'SLURM_JOB_NODELIST': '$(touch ran)'}
    outcome = subprocess.run(
        line, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(outcome.stdout)[-len(ODD) + 1 :] == ODD[1:]
    assert not (tmp_path / 'ran').exists()


def test_every_script_is_looked_at(repository):
    others = {'site-packages', 'findings'}  # what is installed, and the scripts about other people's code
    paths = [path.relative_to(repository) for path in Path(repository).rglob('*.sh')]
    scripts = {path.name for path in paths if not others & set(path.parts)}
    assert scripts == {'dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'}
