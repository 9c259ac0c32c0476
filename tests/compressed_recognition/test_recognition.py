"""Each demo config learns a batch by heart; full-size ones build, take a step when small, and say what they are."""

import ast
import math
import re
import runpy
import sys

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.gradients import watch_first_step
from cmvl_mm.engine.inference_pipeline import pipeline_of_test
from cmvl_mm.evaluation.fusion import fuse, read_scored

DEMO = (
    *('coviar_iframe', 'coviar_motion', 'coviar_residual'),
    *('emvcnn_teacher', 'emvcnn_student', 'dmcnet', 'dmcnet_adversarial'),
)
FULL = (*(f'{name}_ucf' for name in DEMO), *(f'coviar_{stream}_hmdb' for stream in ('iframe', 'motion', 'residual')))


@pytest.fixture(scope='module')
def folder(repository):
    return repository / 'configs/compressed'


def steps(config, model, batch, count):
    """Logs of so many steps on one batch."""
    wrapper, untrained = build_optim_wrapper(model, config.optim_wrapper), []
    watch_first_step(wrapper.optimizer, model, untrained.extend)
    logs = [model.train().train_step(batch, wrapper) for _ in range(count)]
    assert untrained == []
    return [{name: value.item() for name, value in log.items()} for log in logs]


@pytest.mark.parametrize('name', DEMO)
def test_eight_motions_are_learnt_from_chance_to_all_right(name, demo, controlled_set):
    logs = steps(*demo(name, controlled_set, 8), 12)
    assert logs[0]['loss_cls'] == pytest.approx(math.log(8), abs=0.35)
    assert logs[-1]['loss_cls'] < 0.5 * logs[0]['loss_cls']
    assert max(log['top1_acc'] for log in logs[-3:]) >= 0.875
    if name.startswith('dmcnet'):
        assert logs[-1]['loss_flow'] < logs[0]['loss_flow']


@pytest.mark.parametrize('name', DEMO)
def test_falls_are_told_from_other_scenes(name, demo, falls):
    config, model, batch = demo(name, falls, 4)
    assert config.model.cls_head.num_classes == 2
    logs = steps(config, model, batch, 5)
    assert logs[-1]['loss_cls'] < 0.7 * logs[0]['loss_cls']
    assert max(log['top1_acc'] for log in logs[-2:]) == 1


def test_two_streams_are_trained_tested_and_fused_from_the_command_line(
    folder, repository, falls, tmp_path, monkeypatch
):
    tools = {name: runpy.run_path(str(repository / f'tools/{name}.py'))['main'] for name in ('train', 'test')}
    small = [f'data={falls}', 'train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False']
    small += ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False']
    small += ['test_dataloader.dataset.pipeline.sample.segments=2', 'train_dataloader.batch_size=2']
    dumped = []
    for name in ('coviar_motion', 'coviar_residual'):
        leaf, run = str(folder / f'demo/{name}.py'), str(tmp_path / name)
        dumped.append(tmp_path / f'{name}.npz')
        for tool, words in (
            ('train', ['--work-dir', run, '--epochs', '1']),
            ('test', [run, '--work-dir', f'{run}_test', '--dump-features', str(dumped[-1])]),
        ):
            monkeypatch.setitem(tools[tool].__globals__, 'read_files_as_data', lambda: None)
            monkeypatch.setattr(
                sys, 'argv', [tool, leaf, *words, '--cfg-options', *small, f'experiment_name={name}_{tool}']
            )
            tools[tool]()
    networks = [read_scored(path) for path in dumped]
    assert [network.scores.shape for network in networks] == [(4, 2), (4, 2)]
    assert not np.array_equal(networks[0].scores, networks[1].scores)
    np.testing.assert_allclose(
        fuse(networks, (1, 1)).scores, networks[0].scores + networks[1].scores, rtol=1e-6, atol=1e-6
    )


def test_the_folders_have_these_configs(folder):
    assert {path.stem for path in (folder / 'demo').glob('*.py')} == set(DEMO)
    assert {path.stem for path in (folder / 'full').glob('*.py')} == set(FULL)


@pytest.mark.parametrize('leaf', [f'demo/{name}' for name in DEMO] + [f'full/{name}' for name in FULL])
def test_it_says_command_number_and_cost_and_a_test_can_read_a_bare_file(leaf, folder):
    path = folder / f'{leaf}.py'
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert f'python tools/train.py configs/compressed/{leaf}.py\n' in docstring
    fields = ('Protocol', 'Cost') if leaf.startswith('demo') else ('Protocol', 'Cost', 'Paper')
    assert [field for field in fields if not re.search(f'^{field}: ', docstring, re.MULTILINE)] == []
    assert ('Unverified' in docstring) == ('emvcnn' in leaf)
    config = load_config(path)
    assert pipeline_of_test(config)[0]['type'] == 'OpenVideo'
    assert config.test_pipeline == pipeline_of_test(config)


@pytest.mark.parametrize('name', FULL)
def test_the_full_size_model_builds_and_takes_a_step_and_a_test_when_small(
    name, folder, controlled_set, without_checkpoints
):
    config = load_config(folder / f'full/{name}.py')
    with torch.device('meta'):
        full = MODELS.build(config.model)
    stem = 64 * 49 * config.model.backbone.in_channels  # the rest: ResNet-152's, ResNet-18's
    rest = 58_134_400 if 'iframe' in name else 11_167_104
    assert sum(value.numel() for value in full.backbone.parameters()) == stem + rest
    data, test = config.train_dataloader.dataset, config.test_dataloader.dataset
    config.model.backbone.update(depth=18, pretrained=None, num_stages=2, strides=(1, 2), dilations=(1, 1))
    config.model.backbone.out_indices = (1,)
    config.model.cls_head.in_channels = 128
    without_checkpoints(config.model, 64)
    model = MODELS.build(config.model)
    model.init_weights()
    for part, size, segments in ((data, 64, 3), (test, 64, 2)):
        part.update(ann_file=str(controlled_set / 'train.txt'), data_prefix=dict(video=str(controlled_set)))
        part.pipeline[-2].size, part.pipeline[-4].segments = size, segments
    batches = [
        compressed_collate([built[SampleIndex(n)] for n in range(2)]) for built in map(DATASETS.build, (data, test))
    ]
    log = model.train().train_step(batches[0], build_optim_wrapper(model, config.optim_wrapper))
    assert torch.isfinite(log['loss'])
    with torch.no_grad():
        found = model.eval().test_step(batches[1])
    assert [sample.pred_score.shape for sample in found] == [(51 if 'hmdb' in name else 101,)] * 2


def test_rates_are_those_of_the_published_code(folder):
    """Last layer 1, stem and input norm a tenth, the rest a hundredth."""
    with DefaultScope.overwrite_default_scope('mmaction'), torch.device('meta'):
        config = load_config(folder / 'full/coviar_motion_ucf.py')
        model = MODELS.build(config.model)
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    rates = {id(value): group['lr'] for group in groups for value in group['params']}
    for name, value in model.named_parameters():
        share = 1 if 'cls_head' in name else 0.1 if name.startswith(('backbone.conv1.', 'input_norm.')) else 0.01
        assert rates[id(value)] == pytest.approx(0.01 * share), name
