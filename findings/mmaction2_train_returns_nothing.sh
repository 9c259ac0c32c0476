#!/usr/bin/env bash
# train() of MMAction2's ResNet returns None.
#
# One would guess: module.train() and module.eval() return the module, as torch.nn.Module documents, so that
#                  `net = build(...).eval()` works for every network.
# What happens:    ResNet, and ResNet3d likewise, overrides train() to freeze stages and returns nothing. eval() calls
#                  train(False) and returns what that returns: None. The network itself has changed its mode.
# Made here:       a ResNet-18 and a 3D ResNet-18 without weights. The wheel lacks the package
#                  mmaction.models.localizers.drn, which its own models import: an empty one stands in for it.
# Versions:        mmaction2 1.2.0, mmcv-lite 2.1.0, mmengine 0.10.7, torch 2.13.0 (CPU build; on Linux the default build
#                  is large)
# Output seen:
#   torch.nn.Linear: train() is the module True, eval() is the module True
#   ResNet: train() gives None, eval() gives None, training afterwards False
#   ResNet3d: train() gives None, eval() gives None, training afterwards False
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 mmcv-lite==2.1.0 \
    mmaction2==1.2.0 importlib_metadata==10.2.0 'setuptools<81'
venv/bin/python -I -W ignore - <<'EOF'
import sys
from types import ModuleType

import torch

for name in ('mmaction.models.localizers.drn', 'mmaction.models.localizers.drn.drn'):
    sys.modules[name] = ModuleType(name)
    sys.modules[name].DRN = None
from mmaction.models.backbones.resnet import ResNet
from mmaction.models.backbones.resnet3d import ResNet3d

linear = torch.nn.Linear(1, 1)
kept = linear.train() is linear, linear.eval() is linear
print(f'torch.nn.Linear: train() is the module {kept[0]}, eval() is the module {kept[1]}')
holds = kept == (True, True)
for network in (ResNet(depth=18), ResNet3d(depth=18, pretrained2d=False)):
    found = network.train(), network.eval()
    name = type(network).__name__
    print(f'{name}: train() gives {found[0]}, eval() gives {found[1]}, training afterwards {network.training}')
    holds = holds and found == (None, None) and not network.training
sys.exit(not holds)
EOF
