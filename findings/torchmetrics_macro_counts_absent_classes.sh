#!/usr/bin/env bash
# torchmetrics: macro accuracy counts a class that does not occur as 0 as soon as one prediction names it.
#
# One would guess: macro accuracy is the mean of the classes' recalls ("mean class accuracy"): over all 400 classes, or
#                  over those that occur in the test set; and top-5 is not much above top-1 where that is 0.95.
# What happens:    a class without items enters the mean, with 0, if it is predicted at least once, and stays out if it
#                  never is. On a subset with 100 of 400 classes and 5% errors the mean recall is 0.95. If the errors
#                  name classes of the subset, macro accuracy is 0.95; if they name many others, 0.475. The same
#                  scores with top_k=2 give 1. So of two models with equal recalls the one whose errors are spread
#                  over more classes looks worse, and the figure of a subset says little. No warning.
# Made here:       100 classes of 400 with 20 items each; scores whose best class is wrong for 100 items.
# Versions:        torchmetrics 1.9.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   no errors                          mean recall 1.000, macro accuracy 1.000, with top_k=2 1.000
#   errors name one class that occurs  mean recall 0.950, macro accuracy 0.950, with top_k=2 1.000
#   errors name many that occur        mean recall 0.950, macro accuracy 0.950, with top_k=2 1.000
#   errors name one that does not      mean recall 0.950, macro accuracy 0.941, with top_k=2 1.000
#   errors name many that do not       mean recall 0.950, macro accuracy 0.475, with top_k=2 1.000
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
holds, macro = True, {}
for name, classes in NAMED.items():
    scores = torch.zeros(len(target), CLASSES)
    scores[items, target] = 0.5
    scores[items[wrong], classes[wrong]] = 1
    recalls = [(scores.argmax(1) == target)[target == one].float().mean() for one in range(PRESENT)]
    recall = torch.stack(recalls).mean().item()
    macro[name], top_2 = (MulticlassAccuracy(CLASSES, top_k, average='macro')(scores, target).item()
                          for top_k in (1, 2))
    print(f'{name:34} mean recall {recall:.3f}, macro accuracy {macro[name]:.3f}, with top_k=2 {top_2:.3f}')
    holds &= abs(recall - (1 if name == 'no errors' else 0.95)) < 1e-3 and top_2 == 1
one_in, many_in, one_out, many_out = list(macro.values())[1:]
holds &= abs(one_in - 0.95) < 1e-3 and abs(many_in - 0.95) < 1e-3
holds &= abs(one_out - 95 / 101) < 1e-3 and abs(many_out - 95 / 200) < 1e-3
sys.exit(not holds)
EOF
