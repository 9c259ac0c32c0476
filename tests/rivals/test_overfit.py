"""Every method at evidence size, narrow: at chance before its first step, near 100 % on one batch after some."""

import math

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from cmvl_mm.engine.gradients import watch_first_step

METHODS = {
    # name: accuracy, loss and its value at chance, videos, steps
    'rotnet': ('acc_rotation', 'loss_rotation', math.log(4), 4, 30),
    'pace': ('acc_pace', 'loss_pace', math.log(4), 8, 30),
    'vcop': ('acc_order', 'loss_order', math.log(6), 4, 30),
    'speednet': ('acc_speed', 'loss_speed', math.log(2), 4, 30),
    'prp': ('acc_step', 'loss_step', 0.1 * math.log(4), 4, 30),
    'vcp': ('acc_alteration', 'loss_alteration', math.log(5), 4, 30),
    'shuffle_learn': ('acc_ordered', 'loss_ordered', math.log(2), 8, 30),
    'opn': ('acc_order', 'loss_order', math.log(12), 4, 30),
}


@pytest.mark.parametrize('name', METHODS)
def test_chance_first_and_a_batch_learnt_in_the_end(name, batch_of):
    accuracy, loss, chance, videos, steps = METHODS[name]
    config, model, batch = batch_of(name, videos)
    config.optim_wrapper.optimizer.lr = 0.003
    wrapper, untrained = build_optim_wrapper(model, config.optim_wrapper), []
    watch_first_step(wrapper.optimizer, model, untrained.extend)
    logs = [model.train().train_step(batch, wrapper) for _ in range(steps)]
    assert untrained == []
    assert logs[0][loss].item() == pytest.approx(chance, rel=0.35)
    assert torch.stack([log[accuracy] for log in logs[-5:]]).mean().item() >= 0.9, [
        log[accuracy].item() for log in logs
    ]
    assert logs[-1][loss].item() < 0.5 * chance
