"""From the command line to the runner: code shared by train.py and test.py."""

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from cmvl_mm.files.shipped import config_names

from .config import load_config
from .other_split import use_split
from .quiet_runner import QuietRunner
from .signals import end_rank


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of both scripts, named as MMAction2 names them."""
    parser.add_argument('config', help='a Python file, or the name of a shipped config, such as demo/pretrain')
    parser.add_argument(
        '--work-dir', help="logs and checkpoints; default: work_dirs/<the config's path below configs/>"
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='overrides, e.g. train_dataloader.batch_size=16 or train_dataloader.dataset.pipeline.crop.size=48, '
        'where crop is the name of a stage; a key that nothing reads is an error',
    )
    parser.add_argument(
        '--split',
        type=int,
        choices=[1, 2, 3],
        help='official split, for every list of the config and the default work_dir; the checkpoint to start from '
        'does not change (set it with --cfg-options model.init_cfg.checkpoint=…)',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def config_from(args: argparse.Namespace) -> Config:
    """The checked config, with work_dir and launcher filled in."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config = load_config(args.config, args.cfg_options)
    config.launcher = args.launcher
    if args.split is not None:
        use_split(config, args.split, args.config)
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(default_work_dir(args.config, args.split))
    return config


def default_work_dir(config_path: str, split: int | None = None) -> Path:
    """configs/demo/pretrain.py -> work_dirs/demo/pretrain, so that equal names in two folders stay apart.

    The name 'demo/pretrain' of a shipped config gives the same folder; a file elsewhere gives its file name alone.
    With `--split 2` the folder is work_dirs/demo/pretrain_split2.
    """
    parts = Path(config_path).with_suffix('').parts
    if not Path(config_path).is_file() and '/'.join(parts) in config_names():
        parts = ('configs', *parts)
    below = parts[len(parts) - parts[::-1].index('configs') :] if 'configs' in parts else parts[-1:]
    folder = Path('work_dirs', *below)
    return folder if split is None else folder.with_name(f'{folder.name}_split{split}')


def end(config: Config) -> None:
    """End a script whose work is done; one of several processes ends at once, see `end_rank`."""
    if config.launcher != 'none':
        end_rank(0)


def runner_from(config: Config) -> QuietRunner:
    """The runner of a config; see `CompressedRunner.from_cfg`."""
    return QuietRunner.from_cfg(config)
