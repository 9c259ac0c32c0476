"""Training of nothing but a state of a given size, saved after every step: what the checks of saving interrupt."""

from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from short_run import CONFIG
from torch import nn
from torch.utils.data import Dataset

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.runner import CompressedRunner


class Weights(BaseModel):
    """`megabytes` of weights and momentum together."""

    def __init__(self, megabytes: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(int(megabytes * 1e6 / 8)))

    def forward(self, inputs: torch.Tensor, data_samples: Any = None, mode: str = 'loss') -> dict[str, torch.Tensor]:
        return dict(loss=((self.weights - inputs.mean()) ** 2).sum())


class Numbers(Dataset):
    def __len__(self) -> int:
        return 1000

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(inputs=torch.tensor([float(index)]))


def runner(work_dir: Path, megabytes: float, *, epochs: int = 1000, resume: bool = False) -> CompressedRunner:
    """Two steps an epoch, with the recipes' curves; one checkpoint is kept."""
    torch.set_num_threads(1)
    made = CompressedRunner(
        model=Weights(megabytes),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=500,
            num_workers=0,
            drop_last=True,
            collate_fn=dict(type='default_collate'),
            sampler=dict(type='ResumableSampler'),
            dataset=Numbers(),
        ),
        train_cfg=dict(type='ResumableEpochLoop', max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        default_hooks=dict(
            checkpoint=dict(type='AtomicCheckpointHook', interval=1, by_epoch=False, max_keep_ckpts=1),
            logger=dict(type='WholeFileLoggerHook', interval=1),
        ),
        visualizer=load_config(CONFIG).visualizer,
        custom_hooks=[dict(type='SeedIterationHook')],
        randomness=dict(seed=0),
        default_scope='mmaction',
        log_level='ERROR',
        resume=resume,
    )
    return made


class Step(Hook):
    """Calls back after each step, before it is saved."""

    priority = 'LOW'

    def __init__(self, callback: Any) -> None:
        self.callback = callback

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.callback(runner.iter + 1)
