"""The check of the first step's gradients where two processes train one model."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from torch import nn
from torch.optim import SGD

from cmvl_mm.engine.gradients import GradientCheckHook, UntrainedParameters


class OnePart(BaseModel):
    """Each rank uses a part of its own; none uses `idle`."""

    def __init__(self, idle):
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(2, 1) for _ in range(2))
        self.idle = nn.Linear(2, 1) if idle else None

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.parts[int(inputs[0, 0])](inputs).square().mean())


def one_step(rank, idle, find_unused_parameters):
    """What the check says, on this rank."""
    model = MMDistributedDataParallel(
        OnePart(idle), broadcast_buffers=False, find_unused_parameters=find_unused_parameters
    )
    said = []
    runner = SimpleNamespace(
        model=model,
        optim_wrapper=OptimWrapper(SGD(model.parameters(), lr=0.1)),
        logger=SimpleNamespace(warning=said.append),
    )
    GradientCheckHook().before_train(runner)
    try:
        model.train_step(
            dict(inputs=torch.full((3, 2), float(rank if find_unused_parameters else 0))), runner.optim_wrapper
        )
    except UntrainedParameters as error:
        return f'error: {error}'
    return said


@pytest.mark.slow
def test_ddp_that_looks_for_unused_parameters_makes_it_a_warning(run_ranks):
    """What another process uses has its gradient everywhere."""
    assert run_ranks(one_step, False, True) == [[], []]
    for said in run_ranks(one_step, True, True):
        assert len(said) == 1
        assert ': idle.weight, idle.bias. ' in said[0]


@pytest.mark.slow
def test_without_it_all_processes_end_in_the_same_step(run_ranks):
    for said in run_ranks(one_step, False, False):
        assert said.startswith('error: 2 of 4 trainable')
        assert ': parts.1.weight, parts.1.bias. ' in said
