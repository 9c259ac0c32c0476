"""The learning rate of every epoch of the recipes: linear warm-up of its whole length, then cosine."""

import math

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config

RECIPES = {  # (epochs of warm-up, epochs, highest rate, last rate that the cosine falls to)
    'pretrain_c3d_ucf': (5, 120, 0.032, 0.0),
    'released/pretrain_r3d26_ucf': (5, 120, 0.032, 0.0),
    'finetune_c3d_ucf': (10, 120, 0.0008, 1e-6),
    'finetune_r3d26_hmdb': (10, 120, 0.0016, 1e-6),
    'released/finetune_c3d_ucf': (10, 120, 0.0008, 1e-6),
    'protocols/few_label_1_c3d_ucf': (100, 1200, 0.0008, 1e-6),
    'protocols/few_label_5_c3d_ucf': (45, 540, 0.0008, 1e-6),
    'protocols/few_label_10_c3d_ucf': (30, 360, 0.0008, 1e-6),
    'protocols/few_label_20_c3d_ucf': (20, 240, 0.0008, 1e-6),
}


def rates(config) -> list[float]:
    """Of every epoch, by MMEngine's own schedulers."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=config.optim_wrapper.optimizer.lr)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=optimizer)) for part in config.param_scheduler]
    found = []
    for _ in range(config.train_cfg.max_epochs):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return found


@pytest.mark.parametrize('name', RECIPES)
def test_every_epoch_has_its_rate(repository, name):
    warm_up, epochs, highest, last = RECIPES[name]

    def rate(epoch: int) -> float:
        if epoch < warm_up:
            return highest * (0.01 + 0.99 * epoch / warm_up)
        return last + (highest - last) * (1 + math.cos(math.pi * (epoch - warm_up) / (epochs - warm_up))) / 2

    config = load_config(repository / f'configs/{name}.py')
    assert rates(config) == pytest.approx([rate(epoch) for epoch in range(epochs)], rel=1e-6)
