"""The shell scripts hand every argument on as it is: nothing in it is expanded, split or run."""

import json
import os
import stat
import subprocess
import sys
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


@pytest.mark.parametrize('script', ['slurm_train.sh', 'slurm_test.sh'])
@pytest.mark.parametrize('name', ['GPUS', 'GPUS_PER_NODE', 'CPUS_PER_TASK'])
def test_slurm_s_numbers_are_looked_at(repository, script, name):
    command = ['bash', str(repository / 'tools' / script), *'abcd']
    environment = {'PATH': os.environ['PATH'], name: 'many'}
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert outcome.returncode == 2
    assert outcome.stderr == f'{name}=many must be a whole number.\n'


def test_two_jobs_of_slurm_do_not_share_a_port(run, tmp_path):
    words = run('slurm_train.sh', 'partition', 'job', 'config')
    line = words[words.index('bash') :][:3]
    ports = set()
    for job in ('4711', '4712'):
        environment = {'PATH': f'{tmp_path}/bin:{os.environ["PATH"]}', 'SLURM_JOB_ID': job}
        shown = subprocess.run(
            [*line, 'launch', 'printenv', 'MASTER_PORT'], env=environment, capture_output=True, text=True, check=True
        )
        ports.add(int(shown.stdout))
    assert len(ports) == 2
    assert all(20_000 <= port < 40_000 for port in ports)


@pytest.mark.parametrize('script', ['slurm_train.sh', 'slurm_test.sh'])
def test_a_task_that_dies_ends_the_job_of_slurm(run, script):
    """Without it, srun waits for the others, which wait for the dead one."""
    assert '--kill-on-bad-exit=1' in run(script, *'abcd')


@pytest.mark.slow
def test_a_config_error_is_not_restarted(repository, tmp_path):
    """By the shipped script with its own number of restarts."""
    script = ['bash', str(repository / 'tools' / 'dist_train.sh'), str(repository / 'configs/demo/pretrain.py'), '2']
    words = ['--work-dir', str(tmp_path), '--cfg-options', 'train_dataloder.batch_size=2']
    paths = os.pathsep.join([str(repository), *sys.path])
    environment = os.environ | dict(PYTHON=sys.executable, OMP_NUM_THREADS='1', PYTHONPATH=paths)
    environment.pop('MAX_RESTARTS', None)
    outcome = subprocess.run([*script, *words], env=environment, capture_output=True, text=True, timeout=120)
    assert outcome.returncode == 1
    assert 1 <= outcome.stderr.count('ConfigKeyError: ') <= 2  # of two processes, the second one perhaps
    assert 'nothing reads train_dataloder' in outcome.stderr


def test_every_script_is_looked_at(repository):
    others = {'site-packages', 'findings'}  # what is installed, and the scripts about other people's code
    paths = [path.relative_to(repository) for path in Path(repository).rglob('*.sh')]
    scripts = {path.name for path in paths if not others & set(path.parts)}
    assert scripts == {'dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'}
