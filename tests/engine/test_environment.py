"""A process that was not started as --launcher says ends with a remedy."""

import pytest
import torch

from cmvl_mm.engine.environment import LauncherError, check_launcher, is_first_process

COMPLETE = {
    'pytorch': dict(RANK='1', WORLD_SIZE='2', LOCAL_RANK='1', MASTER_ADDR='localhost', MASTER_PORT='29500'),
    'slurm': dict(
        SLURM_PROCID='1',
        SLURM_NTASKS='2',
        SLURM_LOCALID='1',
        SLURM_JOB_NODELIST='node',
        MASTER_ADDR='node',
        MASTER_PORT='29500',
    ),
}


@pytest.fixture(params=['pytorch', 'slurm'])
def launcher(request, monkeypatch):
    for names in COMPLETE.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    for name, value in COMPLETE[request.param].items():
        monkeypatch.setenv(name, value)
    return request.param


def test_every_variable_is_asked_for(launcher, monkeypatch):
    check_launcher(launcher)
    assert not is_first_process(launcher)
    for name in COMPLETE[launcher]:
        with monkeypatch.context() as patch:
            patch.delenv(name)
            told = rf'--launcher {launcher}: the environment lacks {name}\. Remedy: start it with bash tools/'
            with pytest.raises(LauncherError, match=told):
                check_launcher(launcher)


@pytest.mark.parametrize(('place', 'value', 'words'), [(0, 'first', 'is not a number'), (0, '2', 'contradict')])
def test_values_are_looked_at(launcher, monkeypatch, place, value, words):
    monkeypatch.setenv(list(COMPLETE[launcher])[place], value)
    with pytest.raises(LauncherError, match=f'={value}.*{words}|={value!r} {words}'):
        check_launcher(launcher)


def test_more_processes_than_gpus_are_refused(launcher, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 1)
    with pytest.raises(LauncherError, match=r'torch sees 1.*Remedy: start at most 1'):
        check_launcher(launcher)


def test_without_a_launcher_nothing_is_needed(monkeypatch):
    monkeypatch.delenv('RANK', raising=False)
    check_launcher('none')
    assert is_first_process('none')
