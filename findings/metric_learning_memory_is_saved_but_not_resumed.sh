#!/usr/bin/env bash
# pytorch-metric-learning: CrossBatchMemory's state holds the memory, and a loss that loads it does not use it.
#
# One would guess: the state_dict of CrossBatchMemory holds embedding_memory and label_memory, so a resumed run compares
#                  with the memory that it saved.
# What happens:    how much of the memory is filled and where the next batch goes are plain attributes, which no
#                  state_dict holds. The loss that has loaded a full memory takes it for empty: it compares its first
#                  batch with that batch alone, and writes over the loaded memory from the start. load_state_dict()
#                  reports that all keys match. The first losses after a resume differ, until the memory is full again.
# Made here:       batches of 16 random embeddings of 8 classes, a memory of 128, saved after 20 batches.
# Versions:        pytorch-metric-learning 2.9.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   the state holds embedding_memory label_memory
#   loaded: <All keys matched successfully>
#   the memories are equal: True
#   batch 20: a run that goes on compares with 128, loss 12.024; a resumed one with  16, loss 7.708
#   batch 21: a run that goes on compares with 128, loss 12.212; a resumed one with  32, loss 9.848
#   batch 22: a run that goes on compares with 128, loss 10.794; a resumed one with  48, loss 9.542
#   batch 23: a run that goes on compares with 128, loss 12.634; a resumed one with  64, loss 11.781
#   batch 24: a run that goes on compares with 128, loss 12.359; a resumed one with  80, loss 11.550
#   batch 25: a run that goes on compares with 128, loss 11.810; a resumed one with  96, loss 11.593
#   batch 26: a run that goes on compares with 128, loss 11.923; a resumed one with 112, loss 12.005
#   batch 27: a run that goes on compares with 128, loss 11.900; a resumed one with 128, loss 11.900
#   batch 28: a run that goes on compares with 128, loss 11.798; a resumed one with 128, loss 11.798
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python -m pip install -q --disable-pip-version-check pytorch-metric-learning==2.9.0
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import sys

import torch
from pytorch_metric_learning.losses import CrossBatchMemory, NTXentLoss

BATCH, WIDTH, MEMORY, SAVED = 16, 8, 128, 20


def batch(number):
    generator = torch.Generator().manual_seed(number)
    return torch.randn(BATCH, WIDTH, generator=generator), torch.arange(BATCH) % 8


def build():
    loss, counts = CrossBatchMemory(NTXentLoss(), WIDTH, memory_size=MEMORY), []
    loss.loss.register_forward_pre_hook(lambda module, given: counts.append(len(given[3])))
    return loss, counts


kept, kept_counts = build()
for number in range(SAVED):
    kept(*batch(number))
resumed, resumed_counts = build()
print('the state holds', *kept.state_dict())
print('loaded:', resumed.load_state_dict(kept.state_dict()))
same = torch.equal(kept.embedding_memory, resumed.embedding_memory)
print('the memories are equal:', same)
compared, equal = [], []
for number in range(SAVED, SAVED + 9):
    losses = kept(*batch(number)).item(), resumed(*batch(number)).item()
    compared.append((kept_counts[-1], resumed_counts[-1]))
    equal.append(abs(losses[0] - losses[1]) < 1e-4)
    print(f'batch {number}: a run that goes on compares with {compared[-1][0]}, loss {losses[0]:.3f}; '
          f'a resumed one with {compared[-1][1]:3}, loss {losses[1]:.3f}')
wanted = [(MEMORY, min(BATCH * count, MEMORY)) for count in range(1, 10)]
sys.exit(not (same and compared == wanted and not any(equal[:7]) and all(equal[7:])))
EOF
