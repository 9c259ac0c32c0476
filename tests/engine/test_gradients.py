"""A part of a network that no loss depends on is named in the first step, and nothing else is."""

from itertools import count
from types import SimpleNamespace

import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn
from torch.optim import SGD

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.gradients import GradientCheckHook, UntrainedParameters, watch_first_step
from cmvl_mm.engine.runner import CompressedRunner

NUMBERS = count()
PATHWAY = dict(type='resnet3d', depth=18, pretrained=None, conv1_stride_t=1, pool1_stride_t=1)


class Halves(BaseModel):
    """Trains `used`, and `other` from the iteration on that `other_from` says."""

    def __init__(self, other_from=99, frozen=False):
        super().__init__()
        self.used, self.other = nn.Linear(2, 1), nn.Linear(2, 1)
        self.other.requires_grad_(not frozen)
        self.other_from, self.iteration = other_from, 0

    def forward(self, inputs, data_samples=None, mode='loss'):
        part = self.other if self.iteration >= self.other_from else self.used
        self.iteration += 1
        return dict(loss=part(inputs).square().mean())


def steps(model, iterations, **settings):
    """Names that were reported."""
    wrapper, found = OptimWrapper(SGD(model.parameters(), lr=0.1), **settings), []
    watch_first_step(wrapper.optimizer, model, found.append)
    for _ in range(iterations):
        model.train_step(dict(inputs=torch.ones(3, 2)), wrapper)
    return found


def test_the_first_step_counts_and_no_other():
    assert steps(Halves(), 3) == [['other.weight', 'other.bias']]
    assert steps(Halves(other_from=1), 3) == [['other.weight', 'other.bias']]
    assert steps(Halves(frozen=True), 3) == []


def test_a_step_that_accumulates_is_seen_whole():
    assert steps(Halves(other_from=1), 1, accumulative_counts=2) == []
    assert steps(Halves(other_from=1), 4, accumulative_counts=2) == []
    assert steps(Halves(other_from=2), 4, accumulative_counts=2) == [['other.weight', 'other.bias']]


def test_slowfast_by_one_of_its_pathways_is_named():
    backbone = dict(
        type='ResNet3dSlowFast',
        resample_rate=4,
        speed_ratio=4,
        channel_ratio=4,
        slow_pathway=dict(lateral=True, base_channels=8, conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1), **PATHWAY),
        fast_pathway=dict(lateral=False, base_channels=2, conv1_kernel=(5, 7, 7), **PATHWAY),
    )

    def found(channels, **layout):
        head = dict(type='ClassificationHead', num_classes=2, in_channels=channels)
        model = MODELS.build(
            dict(type='ContextMotionRecognizer', backbone=backbone, cls_head=head, backbone_layout=layout)
        )
        wrapper, names = OptimWrapper(SGD(model.parameters(), lr=0.1)), []
        watch_first_step(wrapper.optimizer, model, names.extend)
        samples = [ActionDataSample().set_gt_label(label) for label in (0, 1)]
        losses = model(torch.randn(2, 3, 8, 32, 32), samples, mode='loss')
        wrapper.update_params(losses['loss_cls'])
        return names

    assert found(80) == []
    names = found(16, several='stages')  # the last one alone, the fast
    assert {name.rsplit('.')[1] for name in names} == {'slow_path'}
    assert len(names) > 60


def made(runner_class, folder, *hooks):
    """A runner of two iterations."""
    loader = dict(
        dataset=[torch.ones(2)] * 4,
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=lambda batch: dict(inputs=torch.stack(batch)),
    )
    return runner_class(
        Halves(),
        str(folder),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=False, max_iters=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=list(hooks),
        default_scope='mmaction',
        experiment_name=f'gradients {next(NUMBERS)}',  # two runs of one name within a second would share parts
    )


def test_mmengines_runner_takes_the_hook_by_its_name(tmp_path):
    made(Runner, tmp_path).train()  # silent without it
    with pytest.raises(UntrainedParameters, match=r'^2 of 4 trainable .*: other\.weight, other\.bias\. .*Remedy: '):
        made(Runner, tmp_path, dict(type='GradientCheckHook')).train()


def test_our_runner_always_looks(tmp_path, monkeypatch):
    with pytest.raises(UntrainedParameters, match=r'other\.weight, other\.bias'):
        made(CompressedRunner, tmp_path).train()
    runner = made(CompressedRunner, tmp_path, dict(type='GradientCheckHook', unused='warn'))
    said = []
    monkeypatch.setattr(runner.logger, 'warning', said.append)
    runner.train()
    assert sum('other.weight, other.bias' in str(text) for text in said) == 1
    assert sum(isinstance(hook, GradientCheckHook) for hook in runner.hooks) == 1


def test_each_optimiser_answers_for_its_own_parameters():
    model = nn.ModuleDict(dict(one=Halves(), two=Halves(frozen=True)))
    wrappers = {name: OptimWrapper(SGD(part.parameters(), lr=0.1)) for name, part in model.items()}
    hook = GradientCheckHook(unused='error')
    hook.before_train(SimpleNamespace(model=model, optim_wrapper=OptimWrapperDict(**wrappers)))
    model['two'].train_step(dict(inputs=torch.ones(3, 2)), wrappers['two'])
    with pytest.raises(UntrainedParameters, match=r'one\.other\.weight, one\.other\.bias'):
        model['one'].train_step(dict(inputs=torch.ones(3, 2)), wrappers['one'])
    with pytest.raises(ValueError, match="unused='ignore'"):
        GradientCheckHook(unused='ignore')
