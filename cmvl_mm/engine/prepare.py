"""Prepare a config and the machine before a runner is built by our tools, MMAction2's tools or a notebook."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device

from cmvl_mm.checkpoints.durable import require_writable
from cmvl_mm.compat import GROUP_SECONDS, check_convolutions, start_process_group

from .config_values import check_values
from .environment import check_launcher, is_first_process
from .fast_step import spell_out
from .own_data import fill_data
from .schedule_follow import lines_of


def prepare(config: Config) -> tuple[list[str], list[str]]:
    """Check values, machine and work directory, fit the loaders, spell out the fast step, and start the process group
    where MMEngine cannot.

    Args:
        config: changed in place.

    Returns:
        Lines for the log, and warnings.

    Raises:
        OwnVideosError: the folder or list that `data` names cannot be used.
        ConfigValueError: a value of the config is invalid.
        LauncherError: the processes were not started by the launcher that `launcher` names.
        CheckpointWriteError: the work directory is not writable.
    """
    launcher = config.get('launcher', 'none')
    check_values(config)
    check_launcher(launcher)
    if config.get('work_dir') is not None and is_first_process(launcher):
        require_writable(Path(config.work_dir))
    fill_data(config, make_in=Path(config.get('work_dir') or '.', 'lists'))
    fit_loaders_to_machine(config)
    device = get_device()
    lines = [*lines_of(config), *spell_out(config, device)]
    in_bf16 = (config.get('optim_wrapper') or {}).get('precision') == 'bf16'
    cudnn = torch.backends.cudnn.version() if device == 'cuda' else None
    warnings = check_convolutions(torch.__version__, cudnn, in_bf16=in_bf16)
    own = (config.get('env_cfg') or {}).get('dist_cfg') or {}
    start_process_group(launcher, own.get('timeout') or GROUP_SECONDS)
    return lines, warnings


def fit_loaders_to_machine(config: Config) -> None:
    """Turn off persistent workers without workers, which torch refuses, and pinned memory without a GPU."""
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = config.get(name)
        if loader is not None:
            loader.persistent_workers = loader.get('persistent_workers', False) and loader.get('num_workers', 0) > 0
            loader.pin_memory = loader.get('pin_memory', False) and torch.cuda.is_available()
