"""What a whole step costs, against counts made otherwise."""

import json
import sys

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import DefaultScope

from cmvl_mm.engine.config import load_config

CLIP_LEN = 16
CLIP = CLIP_LEN * 48 * 48


@pytest.fixture
def scripts(repository, monkeypatch):
    """(cost, whole_step) of the folder."""
    monkeypatch.syspath_prepend(str(repository / 'benchmarks'))
    import cost
    import whole_step

    with DefaultScope.overwrite_default_scope('mmaction'):
        yield cost, whole_step
    for name in ('cost', 'whole_step', 'synthetic_batch'):
        sys.modules.pop(name, None)


def test_the_step_of_ours_is_the_sum_of_its_parts(scripts, repository):
    cost, whole_step = scripts
    config = load_config(repository / 'configs/evidence/pretrain.py')
    parts = sum(part.step for part in cost.count_parts(config))
    step = whole_step.count_step(config)
    assert step.operations == pytest.approx(parts, rel=0.02)  # its losses are counted by a formula there
    assert (step.clips, step.places) == (1, CLIP)


def test_a_rivals_step_is_its_clips_times_the_network(scripts, repository):
    """The heads are small: forward and backward of four clips; a copy that makes keys has no backward."""
    cost, whole_step = scripts
    network = next(
        part
        for part in cost.count_parts(load_config(repository / 'configs/evidence/pretrain.py'))
        if part.name == 'backbone'
    )
    for name, clips, expected in (
        ('rotnet', 4, 4 * network.step),
        ('moco', 2, network.step + network.forward),
    ):
        step = whole_step.count_step(load_config(repository / f'configs/rivals/evidence/{name}.py'), 2)
        assert step.clips == clips
        assert step.operations == pytest.approx(expected, rel=0.08)
        assert step.places == clips * CLIP


@pytest.mark.parametrize('name', ['moco', 'dsm', 'vtdl', 'vthcl', 'simclr'])
def test_clips_with_gradient_are_those_that_pass_the_tested_network_so(name, scripts, repository):
    config = load_config(repository / f'configs/rivals/evidence/{name}.py')
    model = MODELS.build(config.model).train()
    noise, _ = scripts[1].noise_batch(config, 2)
    frames = []
    model.backbone.register_forward_pre_hook(
        lambda _, given: frames.append(torch.is_grad_enabled() * given[0].numel() // (3 * 48 * 48))
    )
    model(**model.data_preprocessor(noise, True), mode='loss')
    assert scripts[1].count_step(config, 2).learnt == sum(frames) / 2 / CLIP_LEN


def test_tiles_count_as_their_picture_and_pass_as_what_they_are(scripts, repository):
    step = scripts[1].count_step(load_config(repository / 'configs/rivals/evidence/jigsaw.py'), 2)
    assert (step.clips, step.places) == (4, 9 * 16 * 27**2)


def test_pictures_of_drawn_sizes_are_counted_by_their_mean(scripts, repository, monkeypatch):
    """SpeedNet's are 32 to 64 px, alike in a step."""
    monkeypatch.setattr(scripts[1], 'MANY', 30)
    step = scripts[1].count_step(load_config(repository / 'configs/rivals/evidence/speednet.py'), 1)
    assert step.places == pytest.approx(2 * CLIP_LEN * np.mean(np.arange(32, 65) ** 2), rel=0.2)


def test_both_commands_print_it(scripts, repository, tmp_path, capsys):
    cost, whole_step = scripts
    path = repository / 'configs/rivals/evidence/pace.py'
    whole_step.main([str(path), '--batch', '2', '--json', str(tmp_path / 'out.json')])
    line = '| pace | 1 | 1 | 0.037 | 0.86 |'
    assert line in capsys.readouterr().out
    assert json.loads((tmp_path / 'out.json').read_text())['pace']['clips'] == 1
    cost.main([str(path)])
    assert line in capsys.readouterr().out
