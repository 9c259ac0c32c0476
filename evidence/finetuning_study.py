"""Why does few-label finetuning gain from pretraining, or not? The study makes one change at a time (validation split).

    python evidence/finetuning_study.py --seeds 0 1 2 --kinds motion

It starts from the suite's checkpoints of these seeds. Each variant is configs/evidence/finetune.py with four labels per
class and the options below. 'recalibrated' measures the batch norms' statistics again on all training videos without
labels before the test, because those of finetuning come from a few videos. The script gives no verdict:
evidence/FINDINGS.md quotes its output.
"""

import argparse
import time
from typing import Any

import torch
from few_labels import config_of
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rows import annotations
from settings import tuned_rate
from store import digest, is_done, result, save
from trainings import trainings_of_start

from cmvl_mm.engine.config import merge_options
from cmvl_mm.engine.launch import runner_from

SHOTS = 4
RATES = (0.001, 0.003, 0.01)
STARTS = ('scratch', 'motion_vectors', 'both', 'long')
RATES_OF = {'long': 'both'}
"""Start without tuned rates -> start whose tuned rates it uses."""
VARIANTS: dict[str, dict[str, Any]] = {
    'as tuned': {},
    **{f'rate {rate:g}': {'optim_wrapper.optimizer.lr': rate} for rate in RATES},
    'backbone at a tenth of the rate': {
        'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))
    },
    'frozen backbone': {'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(backbone=dict(lr_mult=0.0)))},
    'frozen batch norms': {},
    'no dropout': {'model.cls_head.dropout': 0.0},
    'recalibrated batch norms': {},
}
FROZEN_NORMS = ('frozen backbone', 'frozen batch norms')
RECALIBRATION = 'recalibrated batch norms'


class FrozenNormsHook(Hook):
    """Freeze the backbone's batch norms: they normalise by the statistics of the pretraining."""

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Set the batch norms to evaluation mode, after any call that sets the whole model to training mode."""
        for part in runner.model.backbone.modules():
            if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
                part.eval()


def recalibrate(runner: Runner, kind: str) -> None:
    """Recompute the batch norms' statistics as means over one pass through all training videos, without labels."""
    dataset = dict(runner.cfg.train_dataloader.dataset.to_dict(), ann_file=str(annotations('basic', 'train', kind)))
    loader = runner.build_dataloader(dict(runner.cfg.train_dataloader, dataset=dataset, batch_size=8, drop_last=False))
    norms = [part for part in runner.model.modules() if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch then averages over all batches
    runner.model.train()
    with torch.no_grad():
        for batch in loader:
            data = runner.model.data_preprocessor(batch, True)
            runner.model(**data, mode='loss')
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def variant_config(variant: str, start: str, kind: str, seed: int) -> Config:
    """The config of one cell's finetuning, on the validation split."""
    rate = tuned_rate(RATES_OF.get(start, start), kind)
    config = config_of(start, kind, SHOTS, lr=rate, seed=seed, weights=seed, split='val')
    merge_options(config, VARIANTS[variant])
    config.experiment_name = f'{config.experiment_name}_{variant.replace(" ", "_")}'
    return config


def top1(config: Config, variant: str, kind: str) -> float:
    """Top-1 of a variant in percent."""
    runner = runner_from(config)
    if variant in FROZEN_NORMS:
        runner.register_hook(FrozenNormsHook())
    runner.train()
    if variant == RECALIBRATION:
        recalibrate(runner, kind)
    return 100 * runner.test()['finetune/top1']


def main() -> None:
    args = parse_args()
    for seed in args.seeds:
        for kind in args.kinds:
            for variant in VARIANTS:
                for start in args.starts:
                    row = f'study_{variant.replace(" ", "-")}_{start}_{kind}'
                    config = variant_config(variant, start, kind, seed)
                    settings = digest(config, *trainings_of_start(start, seed))
                    if is_done(row, seed, 'val', settings, published=args.missing):
                        continue
                    begun = time.monotonic()
                    found = top1(config, variant, kind)
                    save(result(row, seed, 'val', {'top1': found}, (time.monotonic() - begun) / 60, settings))
                    print(f'seed {seed}, {kind}, {variant}, {start}: {found:.1f}', flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--kinds', nargs='+', choices=['context', 'motion', 'joint'], default=['motion', 'joint'])
    parser.add_argument('--starts', nargs='+', choices=STARTS, default=list(STARTS))
    parser.add_argument('--missing', action='store_true', help='skip what evidence/results.json already has')
    return parser.parse_args()


if __name__ == '__main__':
    main()
