#!/usr/bin/env bash
# MMAction2's mean class accuracy and torchmetrics' macro accuracy: a class without items counts as 0 once it is named.
#
# One would guess: mean class accuracy is the mean of the classes' recalls: over all 400 classes, or over those that
#                  occur in the test set.
# What happens:    a class without items enters the mean, with 0, if it is predicted at least once, and stays out if it
#                  never is. On a subset with 100 of 400 classes and 5% errors the mean recall is 0.95. If the errors
#                  name classes of the subset, both packages say 0.95; if they name many others, 0.475. So of two
#                  models with equal recalls the one whose errors are spread over more classes looks worse, and the
#                  figure of a subset says little. No warning.
# Made here:       100 classes of 400 with 20 items each; scores whose best class is wrong for one item of each.
# Versions:        mmaction2 1.2.0, torchmetrics 1.9.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   no errors                          mean recall 1.000; mmaction2 1.000, torchmetrics 1.000
#   errors name one class that occurs  mean recall 0.950; mmaction2 0.950, torchmetrics 0.950
#   errors name many that occur        mean recall 0.950; mmaction2 0.950, torchmetrics 0.950
#   errors name one that does not      mean recall 0.950; mmaction2 0.941, torchmetrics 0.941
#   errors name many that do not       mean recall 0.950; mmaction2 0.475, torchmetrics 0.475
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 mmcv-lite==2.1.0 \
    mmaction2==1.2.0 numpy==2.4.6 importlib_metadata==10.2.0 'setuptools<81'
venv/bin/python -m pip install -q --disable-pip-version-check torchmetrics==1.9.0
venv/bin/python -I -W ignore - <<'EOF'
import sys

import torch
from mmaction.evaluation import mean_class_accuracy
from torchmetrics.classification import MulticlassAccuracy

CLASSES, PRESENT, EACH = 400, 100, 20
target = torch.arange(PRESENT).repeat_interleave(EACH)
items = torch.arange(len(target))
wrong = items % EACH == 0  # 5%: one item of each class
NAMED = {  # the class that the wrong item of each class gets
    'no errors': target,
    'errors name one class that occurs': torch.where(target == 0, 1, 0),
    'errors name many that occur': (target + 1) % PRESENT,
    'errors name one that does not': torch.full_like(target, 399),
    'errors name many that do not': target + PRESENT,
}
holds, means = True, {}
for name, classes in NAMED.items():
    scores = torch.zeros(len(target), CLASSES)
    scores[items, target] = 0.5
    scores[items[wrong], classes[wrong]] = 1
    recalls = [(scores.argmax(1) == target)[target == one].float().mean() for one in range(PRESENT)]
    recall = torch.stack(recalls).mean().item()
    means[name] = float(mean_class_accuracy(list(scores.numpy()), target.tolist()))
    macro = MulticlassAccuracy(CLASSES, average='macro')(scores, target).item()
    print(f'{name:34} mean recall {recall:.3f}; mmaction2 {means[name]:.3f}, torchmetrics {macro:.3f}')
    holds &= abs(recall - (1 if name == 'no errors' else 0.95)) < 1e-3 and abs(macro - means[name]) < 1e-3
one_in, many_in, one_out, many_out = list(means.values())[1:]
holds &= abs(one_in - 0.95) < 1e-3 and abs(many_in - 0.95) < 1e-3
holds &= abs(one_out - 95 / 101) < 1e-3 and abs(many_out - 95 / 200) < 1e-3
sys.exit(not holds)
EOF
