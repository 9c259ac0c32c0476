"""Every method at evidence size, narrow: at chance before its first step, near 100 % on one batch after some."""

import math
from typing import Any, NamedTuple

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from cmvl_mm.engine.gradients import watch_first_step


class Case(NamedTuple):
    """What a method's batch is, and what its head calls loss and accuracy."""

    name: str
    choices: int  # at chance the loss is their logarithm
    videos: int = 4
    steps: int = 30
    lr: float = 0.003
    head: dict[str, Any] = {}
    weight: float = 1.0  # of the loss
    above: float = 0.65  # shares of the loss at chance; wide where features that are compared are alike from the start
    below: float = 1.35
    size: int = 24


METHODS = {
    'rotnet': Case('rotation', 4),
    'pace': Case('pace', 4, videos=8),
    'vcop': Case('order', 6),
    'speednet': Case('speed', 2),
    'prp': Case('step', 4, weight=0.1),
    'vcp': Case('alteration', 5),
    'shuffle_learn': Case('ordered', 2, videos=8),
    'opn': Case('order', 12),
    'dpc': Case('future', 27, 1, 60, 0.006, dict(width=64, dropout=0.0)),
    'memdpc': Case('future', 27, 1, 80, 0.006, dict(width=64, dropout=0.0, slots=64)),
    'simclr': Case('instance', 7, above=0.2),
    'st_puzzle': Case('order', 24, head=dict(dropout=0.0)),
    'jigsaw': Case('tiles', 64, steps=40, head=dict(dropout=0.0), size=48),
    'buechler': Case('tiles', 64, steps=40, head=dict(dropout=0.0, frame_size=24), size=48),
    'cbt': Case('masked', 12, 2, 170, 0.001, dict(width=64, dropout=0.0), below=4),
    'iic': Case('views', 8, weight=2, above=0.2, below=4),
    'tclr': Case('same_time', 3, above=0.2, below=4),
    'vthcl': Case('tempo_1', 4, weight=2, above=0.2, below=4),
}
QUEUED = dict(moco='instance', dsm='instance', vtdl='instance')
"""Methods whose negatives come from earlier batches."""


@pytest.mark.parametrize('name', METHODS)
def test_chance_first_and_a_batch_learnt_in_the_end(name, batch_of):
    case = METHODS[name]
    config, model, batch = batch_of(name, case.videos, case.size, **case.head)
    config.optim_wrapper.optimizer.lr = case.lr
    wrapper, untrained = build_optim_wrapper(model, config.optim_wrapper), []
    watch_first_step(wrapper.optimizer, model, untrained.extend)
    logs = [model.train().train_step(batch, wrapper) for _ in range(case.steps)]
    assert untrained == []
    losses = [log[f'loss_{case.name}'].item() / case.weight for log in logs]
    hits = [log[f'acc_{case.name}'].item() for log in logs]
    chance = math.log(case.choices)
    assert case.above * chance < losses[0] < case.below * chance
    assert sum(hits[-5:]) / 5 >= 0.9, hits
    assert losses[-1] < 0.5 * chance


@pytest.mark.parametrize('name', QUEUED)
def test_of_two_batches_in_turn_each_tells_its_videos_from_those_of_the_other(name, batch_of):
    config, model, batch = batch_of(name, 8, 24, queue_size=4)
    config.optim_wrapper.optimizer.lr = 0.003
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    halves = [
        dict(inputs=dict(imgs=batch['inputs']['imgs'][rows]), data_samples=batch['data_samples'][rows])
        for rows in (slice(0, 4), slice(4, 8))
    ]
    logs = [model.train().train_step(halves[step % 2], wrapper) for step in range(50)]
    assert torch.stack([log[f'acc_{QUEUED[name]}'] for log in logs[-6:]]).mean().item() >= 0.85
    assert logs[-1]['loss'].item() < 0.7 * logs[1]['loss'].item()
