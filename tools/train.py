"""Train a config, for pretraining or finetuning.

python tools/train.py configs/pretrain_c3d_ucf.py
bash tools/dist_train.sh configs/pretrain_c3d_ucf.py 4
"""

import argparse
import sys

from mmengine.config import Config
from mmengine.device import get_device

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.cpu_bf16 import why_not_bf16
from cmvl_mm.engine.elastic import Attempt
from cmvl_mm.engine.environment import check_launcher
from cmvl_mm.engine.global_batch import processes_of, share_of
from cmvl_mm.engine.launch import add_common_arguments, config_from, end, runner_from
from cmvl_mm.engine.strict_files import read_files_as_data


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a model from a config file.')
    add_common_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from this checkpoint, or, without a value, from the newest in the work directory',
    )
    parser.add_argument(
        '--amp', action='store_true', help='bf16 autocast; the losses stay in fp32. pretrain_* do so anyway'
    )
    parser.add_argument(
        '--epochs', type=int, metavar='N', help='train_cfg.max_epochs=N; the schedule of learning rates is fitted to it'
    )
    parser.add_argument('--seed', type=int, help='seed of order, samples, weights and dropout; default: the config’s')
    parser.add_argument(
        '--global-batch',
        type=int,
        metavar='N',
        help='videos per step over all processes, so that their number changes neither batch nor learning rate',
    )
    parser.add_argument(
        '--no-auto-scale-lr',
        action='store_true',
        help='use the learning rate as written, whatever the real global batch',
    )
    return parser.parse_args()


def chosen_config(args: argparse.Namespace) -> Config:
    """The config with the options of the command line."""
    if args.epochs is not None:
        args.cfg_options = {**(args.cfg_options or {}), 'train_cfg.max_epochs': args.epochs}
    config = config_from(args)
    if 'train_dataloader' not in config:
        sys.exit(f'{args.config}: this config has nothing to train. Remedy: use tools/test.py for retrieval_* configs.')
    if args.resume is not None:
        config.resume = True
        config.load_from = None if args.resume == 'auto' else args.resume
    if args.amp and get_device() == 'cpu' and (reason := why_not_bf16()):
        sys.exit(f'--amp: {reason}. Remedy: train without it.')
    if args.amp:
        if 'fast_step' in config:
            config.fast_step.precision = 'bf16'
        else:
            config.optim_wrapper.update(type='StepOptimWrapper', precision='bf16')
    if args.seed is not None:
        config.randomness = dict(config.get('randomness', {}), seed=args.seed)
    if args.global_batch is not None:
        check_launcher(args.launcher)
        config.train_dataloader.batch_size = share_of(args.global_batch, processes_of(args.launcher))
    if args.no_auto_scale_lr:
        config.auto_scale_lr.enable = False
    return config


def main() -> None:
    args = parse_args()
    read_files_as_data()
    with Attempt(args.launcher) as attempt:
        config = chosen_config(args)
        attempt.runner = runner_from(config)
        attempt.runner.train()
    end(config)


if __name__ == '__main__':
    main()
