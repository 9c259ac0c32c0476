#!/usr/bin/env bash
# albumentations 2: all workers of a loader draw the same crops, and each epoch draws those of the first again.
#
# One would guess: a Compose without a seed draws at random, so workers and epochs see different crops, as with
#                  torchvision's transforms.
# What happens:    a Compose draws from a generator of its own, seeded once, when it is made. torch forks or spawns a
#                  copy for each worker and for each epoch, so all copies go through the same numbers: the k-th sample
#                  of every worker gets the same crop, and the whole of epoch 2 is epoch 1 again. With 2 workers 32
#                  samples over 3 epochs get 16 crops instead of 96. Training runs on, with a fraction of the
#                  augmentation. No error, no warning; one process without workers is right, and so are
#                  persistent_workers from epoch to epoch.
# Remedy:          transform.set_random_seed(torch.initial_seed() % 2**32) in each worker, by worker_init_fn.
# Made here:       a picture whose pixel at each place is the place's number, so that a crop tells where it was cut.
# Versions:        albumentations 2.0.8, torch 2.13.0 (CPU), opencv-python-headless 5.0.0.93, numpy 2.4.6
# Output seen:
#   no workers        : 32 samples get 32 crops, all 3 epochs 96; epochs 2 and 3 differ from epoch 1
#   2 workers, forked : 32 samples get 16 crops, all 3 epochs 16; epochs 2 and 3 repeat epoch 1
#   2 workers, spawned: 32 samples get 16 crops, all 3 epochs 16; epochs 2 and 3 repeat epoch 1
#   2 workers, kept   : 32 samples get 16 crops, all 3 epochs 48; epochs 2 and 3 differ from epoch 1
#   2 workers, seeded : 32 samples get 31 crops, all 3 epochs 95; epochs 2 and 3 differ from epoch 1
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check albumentations==2.0.8 torch==2.13.0 \
    opencv-python-headless==5.0.0.93 numpy==2.4.6
cat >run.py <<'EOF'
import os
import sys

os.environ['NO_ALBUMENTATIONS_UPDATE'] = '1'

import albumentations
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

SIDE, CROP, COUNT, EPOCHS = 256, 32, 32, 3
PLACES = np.arange(SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)


class Crops(Dataset):
    """Item i is the place of a random crop."""

    def __init__(self):
        self.transform = albumentations.Compose([albumentations.RandomCrop(CROP, CROP)])

    def __len__(self):
        return COUNT

    def __getitem__(self, index):
        return int(self.transform(image=PLACES)['image'][0, 0])


def seed(_):
    get_worker_info().dataset.transform.set_random_seed(torch.initial_seed() % 2**32)


def epochs(**options):
    torch.manual_seed(0)
    loader = DataLoader(Crops(), batch_size=1, **options)
    return [[int(item) for item in loader] for _ in range(EPOCHS)]


def main():
    holds = True
    for name, options, wanted in (
        ('no workers', {}, (False, False)),
        ('2 workers, forked', {'num_workers': 2, 'multiprocessing_context': 'fork'}, (True, True)),
        ('2 workers, spawned', {'num_workers': 2, 'multiprocessing_context': 'spawn'}, (True, True)),
        ('2 workers, kept', {'num_workers': 2, 'persistent_workers': True}, (True, False)),
        ('2 workers, seeded', {'num_workers': 2, 'worker_init_fn': seed}, (False, False)),
    ):
        drawn = epochs(**options)
        first, again = len(set(drawn[0])), drawn[0] == drawn[1] == drawn[2]
        every = len({place for epoch in drawn for place in epoch})
        print(f'{name:18}: {COUNT} samples get {first} crops, all {EPOCHS} epochs {every}; '
              f'epochs 2 and 3 {"repeat" if again else "differ from"} epoch 1')
        half, repeats = wanted
        holds &= again == repeats and (first <= COUNT // 2 if half else first > 0.8 * COUNT)
    sys.exit(not holds)


if __name__ == '__main__':
    main()
EOF
OMP_NUM_THREADS=1 venv/bin/python -I run.py
