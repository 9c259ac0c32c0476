#!/usr/bin/env bash
# MMEngine: the accuracy in a training log is that of one batch, the loss beside it the mean over the window.
#
# One would guess: all figures of a line of the log cover the same steps, those since the last line.
# What happens:    LogProcessor averages what its mean_pattern matches, by default names with loss, time or grad_norm.
#                  All other values, such as MMAction2's top1_acc, are those of the last batch alone. With a line every
#                  20 steps 95 % of the accuracies are never seen. For a batch of 8 at a true accuracy of 50 % the
#                  logged ones scatter by 17 points instead of 4, and a figure of an epoch made from the curves rests on
#                  a few batches. The file of scalars and TensorBoard get the same numbers. No note in the line.
# Remedy:          log_processor=dict(window_size=20, mean_pattern='.*(loss|time|grad_norm|acc).*').
# Made here:       a model whose loss and top1_acc are the same number in each step: the share of heads in 8 coins.
# Versions:        mmengine 0.10.7, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   default     : 200 of 200 logged losses are means of 20 steps, 200 accuracies are of the last step alone
#     deviation of logged losses 0.04, of logged accuracies 0.17
#   with pattern: 200 of 200 logged losses are means of 20 steps, 3 accuracies are of the last step alone
#     deviation of logged losses 0.04, of logged accuracies 0.04
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 numpy==2.4.6 'setuptools<81'
OMP_NUM_THREADS=1 venv/bin/python -I -W ignore - <<'EOF'
import json
import sys
from pathlib import Path

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader

STEPS, WINDOW, COINS = 4000, 20, 8
shares = np.random.default_rng(0).integers(0, 2, (STEPS, COINS)).mean(1)


class Coins(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight, self.step = torch.nn.Parameter(torch.zeros(1)), 0

    def forward(self, inputs, mode):
        share = torch.tensor(shares[self.step])
        self.step += 1
        return dict(loss=share + 0 * self.weight.sum(), top1_acc=share)


def logged(name, **processor):
    """(losses, accuracies) of the curves."""
    Runner(
        Coins(), f'runs/{name}', DataLoader([dict(inputs=torch.zeros(1))] * STEPS),
        train_cfg=dict(by_epoch=False, max_iters=STEPS),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=WINDOW)),
        log_processor=dict(window_size=WINDOW, by_epoch=False, **processor),
        experiment_name=name, log_level='ERROR',
    ).train()
    (curves,) = Path(f'runs/{name}').glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in curves.read_text().splitlines()]
    return np.array([row['loss'] for row in rows]), np.array([row['top1_acc'] for row in rows])


means, last = shares.reshape(-1, WINDOW).mean(1), shares[WINDOW - 1 :: WINDOW]
holds = True
patterns = {'default': {}, 'with pattern': dict(mean_pattern='.*(loss|time|grad_norm|acc).*')}
for name, processor in patterns.items():
    losses, accuracies = logged(name.replace(' ', '_'), **processor)
    of_window, alone = np.isclose(losses, means, atol=1e-3), np.isclose(accuracies, last, atol=1e-3)
    print(
        f'{name:12}: {of_window.sum()} of {len(means)} logged losses are means of {WINDOW} steps, '
        f'{alone.sum()} accuracies are of the last step alone'
    )
    print(f'  deviation of logged losses {losses.std():.2f}, of logged accuracies {accuracies.std():.2f}')
    holds &= len(losses) == len(means) and of_window.all()
    holds &= bool(alone.all()) if name == 'default' else bool(np.isclose(accuracies, means, atol=1e-3).all())
sys.exit(not holds)
EOF
