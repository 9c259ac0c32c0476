"""Check what --launcher needs from the environment before anything starts; errors name a remedy."""

import os

import torch

_NEEDED = {
    'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID', 'SLURM_JOB_NODELIST', 'MASTER_ADDR', 'MASTER_PORT'),
}
_NUMBERS = {'RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_PORT', 'SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'}
_START = {
    'pytorch': 'bash tools/dist_train.sh CONFIG PROCESSES, or dist_test.sh',
    'slurm': 'bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG, or slurm_test.sh',
}


class LauncherError(RuntimeError):
    """The process was not started by the launcher that --launcher names."""


def check_launcher(launcher: str) -> None:
    """Check the variables that torchrun, or Slurm and our scripts, set.

    Raises:
        LauncherError: the launcher is unknown, a variable is missing or not a number, or the machine has fewer GPUs
            than processes.
    """
    if launcher == 'none':
        return
    if launcher not in _NEEDED:
        raise LauncherError(f'--launcher {launcher} is not supported. Remedy: use one of none, {", ".join(_NEEDED)}.')
    remedy = f'Remedy: start it with {_START[launcher]}; for a single process, omit --launcher.'
    missing = [name for name in _NEEDED[launcher] if not os.environ.get(name)]
    if missing:
        raise LauncherError(f'--launcher {launcher}: the environment lacks {", ".join(missing)}. {remedy}')
    for name in _NEEDED[launcher]:
        if name in _NUMBERS and not os.environ[name].isdecimal():
            raise LauncherError(f'--launcher {launcher}: {name}={os.environ[name]!r} is not a number. {remedy}')
    rank, size = (int(os.environ[name]) for name in _NEEDED[launcher][:2])
    if not rank < size:
        names = ' and '.join(f'{name}={os.environ[name]}' for name in _NEEDED[launcher][:2])
        raise LauncherError(f'--launcher {launcher}: {names} contradict each other. {remedy}')
    local, gpus = int(os.environ[_NEEDED[launcher][2]]), torch.cuda.device_count()
    if torch.cuda.is_available() and local >= gpus:
        raise LauncherError(
            f'--launcher {launcher}: process {local} of this machine has no GPU: torch sees {gpus}. '
            f'Remedy: start at most {gpus} processes a machine; on CPUs, set CUDA_VISIBLE_DEVICES= (empty).'
        )


def is_first_process(launcher: str) -> bool:
    """Whether this process will be the main process; known before the processes connect."""
    return launcher == 'none' or os.environ[_NEEDED[launcher][0]] == '0'
