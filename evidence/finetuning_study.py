"""Why does few-label finetuning gain from pretraining, or not? One change at a time, on the validation split.

    python evidence/finetuning_study.py --seeds 0 1 2 --kinds motion

Starts from the suite's checkpoints of these seeds. Each variant is configs/evidence/finetune.py with four labels a
class and the options below; 'recalibrated' measures the batch norms' statistics again on all training videos,
unlabelled, before the test, since those of finetuning come from a handful of videos. Writes no verdict:
evidence/FINDINGS.md quotes it.
"""

import argparse
import time
from typing import Any

import torch
from few_labels import config_of
from mmengine.config import Config
from mmengine.runner import Runner
from rows import annotations
from settings import LEARNING_RATES, tuned_rate
from store import is_done, result, save

from cmvl_mm.engine.launch import runner_from

SHOTS = 4
STARTS = ('scratch', 'motion_vectors', 'both')
VARIANTS: dict[str, dict[str, Any]] = {
    'as tuned': {},
    **{f'rate {rate:g}': {'optim_wrapper.optimizer.lr': rate} for rate in LEARNING_RATES},
    'backbone at a tenth of the rate': {
        'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))
    },
    'frozen backbone': {'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(backbone=dict(lr_mult=0.0)))},
    'no dropout': {'model.cls_head.dropout': 0.0},
    'recalibrated batch norms': {},
}
RECALIBRATION = 'recalibrated batch norms'


def recalibrate(runner: Runner, kind: str) -> None:
    """Cumulative means of the batch norms' statistics over one pass through all training videos, without labels."""
    dataset = Config(runner.cfg.train_dataloader.dataset.to_dict())
    dataset.ann_file = str(annotations('basic', 'train', kind))
    loader = runner.build_dataloader(dict(runner.cfg.train_dataloader, dataset=dataset, batch_size=16))
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


def top1(variant: str, start: str, kind: str, seed: int) -> float:
    """Percent, on the validation split."""
    config = config_of(start, kind, SHOTS, lr=tuned_rate(start, kind), seed=seed, split='val')
    config.merge_from_dict(VARIANTS[variant])
    config.experiment_name = f'{config.experiment_name}_{variant.replace(" ", "_")}'
    runner = runner_from(config)
    runner.train()
    if variant == RECALIBRATION:
        recalibrate(runner, kind)
    return 100 * runner.test()['finetune/top1']


def main() -> None:
    args = parse_args()
    for seed in args.seeds:
        for kind in args.kinds:
            for variant in VARIANTS:
                for start in STARTS:
                    row = f'study_{variant.replace(" ", "-")}_{start}_{kind}'
                    if is_done(row, seed, 'val'):
                        continue
                    begun = time.monotonic()
                    found = top1(variant, start, kind, seed)
                    save(result(row, seed, 'val', {'top1': found}, (time.monotonic() - begun) / 60))
                    print(f'seed {seed}, {kind}, {variant}, {start}: {found:.1f}', flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--kinds', nargs='+', choices=['context', 'motion', 'joint'], default=['motion', 'joint'])
    return parser.parse_args()


if __name__ == '__main__':
    main()
