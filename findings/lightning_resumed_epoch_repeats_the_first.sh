#!/usr/bin/env bash
# A training that Lightning resumes reads its first epoch in the order of epoch 0, if the loader has workers.
#
# One would guess: Lightning calls set_epoch on a loader's sampler before each epoch, also on the first after a resume.
# What happens:    it does, but it makes the loader's iterator first. With num_workers=0 the order is asked for later,
#                  so the call comes in time. With workers the iterator asks for the order at once, of a sampler that
#                  still says epoch 0: the first epoch after the resume repeats the order of the very first one. The
#                  epochs behind it are right.
# Made here:       4 epochs of 8 items at once; and 2 epochs, a checkpoint and 2 more; with torch's DistributedSampler,
#                  as Lightning itself puts it in for several processes.
# Versions:        lightning 2.6.6, torch 2.13.0 (CPU build; on Linux the default build is large)
# Output seen:
#   0 workers  unbroken: 4073 2516 | 5426 7310 | 0472 6513 | 2435 1067
#              resumed:                         0472 6513 | 2435 1067
#   1 worker   unbroken: 4073 2516 | 5426 7310 | 0472 6513 | 2435 1067
#              resumed:                         4073 2516 | 2435 1067
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 lightning==2.6.6
venv/bin/python -I -W ignore - <<'EOF'
import logging
import sys

import torch

logging.disable(logging.WARNING)
import lightning
from torch.utils.data import DataLoader, DistributedSampler


class Net(lightning.LightningModule):
    def __init__(self, workers):
        super().__init__()
        self.workers, self.seen = workers, {}
        self.weight = torch.nn.Parameter(torch.zeros(()))

    def train_dataloader(self):
        items = list(range(8))
        sampler = DistributedSampler(items, num_replicas=1, rank=0, shuffle=True)
        return DataLoader(items, 4, sampler=sampler, num_workers=self.workers)

    def training_step(self, batch, index):
        self.seen.setdefault(self.current_epoch, []).append(''.join(map(str, batch.tolist())))
        return self.weight * 0

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def fit(workers, epochs, resume=None):
    net = Net(workers)
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator='cpu', logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, use_distributed_sampler=False,
    )
    trainer.fit(net, ckpt_path=resume)
    trainer.save_checkpoint(f'{workers}_{epochs}.ckpt')
    return net.seen


holds = True
for workers in (0, 1):
    whole = fit(workers, 4)
    fit(workers, 2)
    resumed = fit(workers, 4, f'{workers}_2.ckpt')
    words = [' '.join(whole[epoch]) for epoch in range(4)]
    print(f'{workers} worker{" " if workers else "s"} ', 'unbroken:', ' | '.join(words))
    print('           resumed: ', ' ' * 22, ' | '.join(' '.join(resumed[epoch]) for epoch in (2, 3)))
    holds &= sorted(resumed) == [2, 3] and len(set(words)) == 4 and resumed[3] == whole[3]
    holds &= resumed[2] == (whole[0] if workers else whole[2])
sys.exit(not holds)
EOF
