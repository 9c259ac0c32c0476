"""A schedule follows the number of epochs, or the log says that it does not."""

import re
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config, merge_options
from cmvl_mm.engine.logs import read_curves
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.engine.schedule_scale import misfits, scaled
from cmvl_mm.files.shipped import config_names


def rates(schedule, epochs, batches=4):
    """(epochs, batches) of a rate of 1, by MMEngine's own schedulers as a run calls them."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedulers = []
    for part in schedule:
        whole = SimpleNamespace(**part)
        build = dict(part, optimizer=optimizer)
        if build.pop('convert_to_iter_based', False):
            build.update(by_epoch=False, begin=whole.begin * batches, end=whole.end * batches)
        schedulers.append(PARAM_SCHEDULERS.build(build))
    found = []
    for _ in range(epochs):
        row = []
        for _ in range(batches):
            row.append(optimizer.param_groups[0]['lr'])
            optimizer.step()
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
        for scheduler in schedulers:
            if scheduler.by_epoch:
                scheduler.step()
        found.append(row)
    return found


@pytest.mark.parametrize('name', ['demo/pretrain', 'own/pretrain', 'pretrain_c3d_ucf', 'finetune_c3d_ucf'])
@pytest.mark.parametrize('epochs', [1, 2, 7, 40, 150, 400])
def test_the_last_epoch_has_a_falling_rate_that_is_not_zero(name, epochs):
    config = load_config(name, {'train_cfg.max_epochs': epochs})
    by_epoch = [row[0] for row in rates(config.param_scheduler, epochs)]
    last = rates(config.param_scheduler, epochs)[-1]
    assert last[-1] > 1e-7
    assert max(by_epoch) == pytest.approx(1.0)  # the full rate is reached
    if epochs > 2:
        assert last[-1] < by_epoch[epochs // 2] <= 1
        assert last[-1] < 0.5
    assert misfits(config.param_scheduler, epochs, 4) == []


def test_a_warm_up_keeps_its_epochs_in_a_longer_run_and_shrinks_in_a_shorter_one():
    before = load_config('pretrain_c3d_ucf').param_scheduler
    longer = load_config('pretrain_c3d_ucf', {'train_cfg.max_epochs': 240}).param_scheduler
    assert longer[0] == before[0]
    first = [[row[0] for row in rates(part, 6)] for part in (before, longer)]
    assert first[0] == pytest.approx(first[1])
    assert longer[1] == dict(before[1], end=240, T_max=235)
    shorter = load_config('pretrain_c3d_ucf', {'train_cfg.max_epochs': 48}).param_scheduler
    assert [(part.begin, part.end) for part in shorter] == [(0, 3), (2, 48)]
    assert [part['type'] for part in scaled(before, 120, 4)] == ['CosineAnnealingLR']


def test_every_kind_of_place_is_fitted():
    steps = [dict(type='MultiStepLR', milestones=[60, 90], by_epoch=True), dict(type='StepLR', step_size=30)]
    assert scaled(steps, 120, 40) == [dict(steps[0], milestones=[20, 30]), dict(steps[1], step_size=10)]
    iterations = [dict(type='PolyLR', by_epoch=False, begin=100, end=200)]
    assert scaled(iterations, 1, 40) == [dict(iterations[0], begin=4000, end=8000)]
    assert scaled([dict(type='CosineRestartLR', periods=[5, 15], restart_weights=[1, 1])], 20, 40)[0]['periods'] == [
        10,
        30,
    ]
    assert scaled(None, 1, 2) == []


def test_iterations_of_a_run_whose_length_no_scheduler_tells():
    step = dict(type='MultiStepLR', milestones=[100, 150], by_epoch=False)
    assert scaled([step], 10, 5) == [dict(step, milestones=[50, 75])]
    rise = dict(type='LinearLR', start_factor=0.1, end=21, by_epoch=False)
    assert scaled([rise, step], 10, 20) == [rise, dict(step, milestones=[20 + 160, 20 + 260])]


def test_an_option_on_the_schedule_keeps_it_as_it_is_said():
    config = load_config('demo/pretrain', {'train_cfg.max_epochs': 40, 'param_scheduler.0.end': 30})
    assert (config.param_scheduler[0].begin, config.param_scheduler[0].end) == (6, 30)
    merge_options(config, {'train_cfg.max_epochs': 80})
    assert (config.param_scheduler[0].begin, config.param_scheduler[0].end) == (12, 60)


def test_the_schedules_of_all_shipped_configs_fit_their_epochs():
    seen = 0
    for name in config_names():
        config = load_config(name)
        if config.get('train_cfg') is not None:
            seen += 1
            assert misfits(config.param_scheduler, config.train_cfg.max_epochs) == [], name
    assert seen > 50


@pytest.mark.parametrize(
    ('schedule', 'words'),
    [
        (dict(type='CosineAnnealingLR', begin=6, end=12), 'ends at 12 of 40 epochs: after that the rate keeps'),
        (
            [dict(type='LinearLR', end=6), dict(type='PolyLR', begin=5, end=60)],
            r'1 \(PolyLR\) is planned for 60 epochs',
        ),
        (dict(type='MultiStepLR', milestones=[30, 50]), 'planned for 50 epochs, but the run has 40'),
        (dict(type='PolyLR', by_epoch=False, end=100), 'ends at 100 of 160 iterations'),
    ],
)
def test_a_schedule_that_does_not_fit_is_named(schedule, words):
    (found,) = misfits(schedule, 40, 4)
    assert re.search(words, found)


def test_schedules_that_fit_are_left_alone():
    for schedule in (
        None,
        dict(type='LinearLR', end=6),
        dict(type='ConstantLR', factor=0.3, end=6),
        [dict(type='PolyLR', end=20), dict(type='PolyLR', begin=20, end=40)],
        [dict(type='LinearLR', end=6), dict(type='MultiStepLR', milestones=[30])],
        dict(type='ExponentialLR', gamma=0.9),
        dict(adam=dict(type='PolyLR', end=3)),
    ):
        assert misfits(schedule, 40, 4) == []


def test_a_run_follows_says_so_and_is_resumed_with_its_own_schedule_only(controlled_set, tmp_path, capsys):
    options = {
        'train_dataloader.dataset.ann_file': f'{controlled_set}/train.txt',
        'train_dataloader.dataset.data_prefix.video': str(controlled_set),
        'train_dataloader.batch_size': 4,
        'train_dataloader.num_workers': 0,
        'model.backbone.width': 4,
        'model.context_head': None,
        'model.motion_head.predictor.in_channels': 32,
        'model.motion_head.m_network.width': 4,
        'default_hooks.logger.interval': 1,
        'log_processor.window_size': 1,
        'work_dir': str(tmp_path),
        'auto_scale_lr.enable': False,
    }
    CompressedRunner.from_cfg(load_config('demo/pretrain', {**options, 'train_cfg.max_epochs': 4})).train()
    log = capsys.readouterr()
    assert 'train_cfg.max_epochs: 4, not 12; the schedule follows: CosineAnnealingLR 2 to 4' in log.out + log.err
    learnt = [row['lr'] for row in read_curves(tmp_path)]
    assert learnt[:5] == pytest.approx([1e-3] * 5)
    assert all(1e-5 < after < before for before, after in pairwise(learnt[4:]))
    left = {**options, 'train_cfg.max_epochs': 9, 'param_scheduler': [dict(type='PolyLR', end=4)], 'resume': True}
    left['experiment_name'] = f'{tmp_path.name}_again'
    runner = CompressedRunner.from_cfg(load_config('demo/pretrain', left))
    with pytest.raises(ValueError, match=r'epoch_4\.pth: the run to resume had another schedule.*Cosine.*Remedy'):
        runner.train()
    log = ''.join(capsys.readouterr())
    assert 'param_scheduler.0 (PolyLR) ends at 4 of 9 epochs: after that the rate keeps its last value' in log
