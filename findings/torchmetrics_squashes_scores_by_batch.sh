#!/usr/bin/env bash
# torchmetrics: AUROC and average precision of cosines depend on the batches, since some are put through a sigmoid.
#
# One would guess: a metric over all items, such as AUROC, which knows only the order of scores, comes out the same
#                  however the items are cut into batches: update() collects, compute() computes.
# What happens:    update() looks at each batch alone. If a score lies outside [0, 1], the batch is taken for logits
#                  and put through a sigmoid; if all lie inside, it is left as it is. Cosines of features after a ReLU
#                  or of near pairs are mostly positive, so small batches fall on both sides, and 0.9 of one is
#                  compared with sigmoid(0.9) = 0.71 of another. A perfect ranking of scores from -0.2 to 1 gets an
#                  AUROC of 0.955 in batches of 8, and 1 at once. No warning.
# Versions:        torchmetrics 1.9.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   probabilities from 0 to 1  batches of    8: AUROC 1.000, average precision 1.000
#   cosines from -0.05 to 1    batches of    8: AUROC 0.966, average precision 0.969
#   cosines from -0.05 to 1    batches of   64: AUROC 0.994, average precision 0.996
#   cosines from -0.05 to 1    batches of 4000: AUROC 1.000, average precision 1.000
#   cosines from -0.2 to 1     batches of    8: AUROC 0.955, average precision 0.970
#   cosines from -0.2 to 1     batches of   64: AUROC 1.000, average precision 1.000
#   cosines from -0.2 to 1     batches of 4000: AUROC 1.000, average precision 1.000
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python -m pip install -q --disable-pip-version-check torchmetrics==1.9.0
venv/bin/python -I -W error - <<'EOF'
import sys

import torch
from torchmetrics.classification import BinaryAUROC, BinaryAveragePrecision

COUNT = 4000
generator = torch.Generator().manual_seed(1)
unit = torch.rand(COUNT, generator=generator)
holds = True
for name, scores in (
    ('probabilities from 0 to 1', unit),
    ('cosines from -0.05 to 1', unit * 1.05 - 0.05),
    ('cosines from -0.2 to 1', unit * 1.2 - 0.2),
):
    matches = (unit > 0.5).long()  # so the ranking is perfect
    found = {}
    for size in (8, 64, COUNT):
        metrics = BinaryAUROC(), BinaryAveragePrecision()
        for some, truth in zip(scores.split(size), matches.split(size), strict=True):
            for metric in metrics:
                metric.update(some, truth)
        found[size] = [round(metric.compute().item(), 3) for metric in metrics]
        print(f'{name:26} batches of {size:4}: AUROC {found[size][0]:.3f}, average precision {found[size][1]:.3f}')
    holds &= found[COUNT] == [1, 1] and (found[8] == [1, 1]) == name.startswith('prob')
    holds &= name.startswith('prob') or found[8][0] < 0.97
sys.exit(not holds)
EOF
