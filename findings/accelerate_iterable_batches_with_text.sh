#!/usr/bin/env bash
# accelerate: a loader over an IterableDataset whose batches hold text runs in one process and fails in two.
#
# One would guess: prepare() leaves the batches as they are, moves tensors to the device, and shares work by items, so that
#                  text in a batch (paths, captions) matters as little in two processes as in one.
# What happens:    over an IterableDataset, prepare() reads in the first process alone, joins the batches of all
#                  processes, sends the whole and cuts it up again. Lists of text cannot be joined: TypeError. A
#                  map-style data set of the same items passes, since there every process reads for itself.
# Versions:        accelerate 1.15.0, torch 2.13.0 (CPU), numpy 2.4.6
# Output seen:
#   1 process, IterableDataset: 8 items
#   2 processes, Dataset: 4 items
#   2 processes, IterableDataset: TypeError: Can only concatenate tensors but got <class 'str'>
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python -m pip install -q --disable-pip-version-check accelerate==1.15.0
cat > look.py <<'EOF'
import sys

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset, IterableDataset

ITEMS = [dict(x=torch.tensor([number]), path=f'{number}.mp4') for number in range(8)]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(ITEMS)


class Table(Dataset):
    def __len__(self):
        return len(ITEMS)

    def __getitem__(self, number):
        return ITEMS[number]


kind = {'IterableDataset': Stream, 'Dataset': Table}[sys.argv[1]]
accelerator = Accelerator(cpu=True)
loader = accelerator.prepare(DataLoader(kind(), batch_size=2))
try:
    outcome = f'{sum(len(batch["path"]) for batch in loader)} items'
except TypeError as error:
    outcome = f'TypeError: {error}'
if accelerator.is_main_process:
    print(outcome, flush=True)
EOF
export OMP_NUM_THREADS=1
run() {
    echo "$1, $2: $(venv/bin/python "${@:3}" look.py "$2" 2> log.txt | tee outcome.txt)"
}
run '1 process' IterableDataset
grep -qx '8 items' outcome.txt
two=(-m torch.distributed.run --nproc-per-node 2)
run '2 processes' Dataset "${two[@]}"
grep -qx '4 items' outcome.txt
run '2 processes' IterableDataset "${two[@]}"
grep -q '^TypeError' outcome.txt
