"""Weights are published as they were trained, with the model that they fill and the curves of their training."""

import json
import os

import pytest
import torch
from mmaction.registry import MODELS
from safetensors import safe_open
from safetensors.torch import load

from cmvl_mm.checkpoints.pretrained import CheckpointError
from cmvl_mm.publishing.contents import as_safetensors, curves_of, model_of, require_fit, write_all
from cmvl_mm.publishing.settings import PublishError


def test_the_backbone_alone_is_the_model_without_its_tasks():
    config = dict(
        model=dict(
            type='R',
            backbone=dict(depths=[1, 2]),
            neck={},
            motion_head={},
            residual_head={},
            init_cfg={},
            test_cfg={},
            cls_head=None,
        )
    )
    assert model_of(config, 'backbone') == dict(type='R', backbone=dict(depths=(1, 2)), test_cfg={})
    assert model_of(config, 'whole').keys() == config['model'].keys() - {'init_cfg'}


def test_equal_weights_give_equal_files_and_keep_their_numbers(tmp_path):
    weights = dict(a=torch.randn(2, 3, 4, 5, 6).to(memory_format=torch.channels_last_3d), n=torch.tensor(3))
    about = dict(name='n', seed='3')
    content = as_safetensors(weights, about)
    assert content == as_safetensors(dict(reversed(weights.items())), dict(reversed(about.items())))
    loaded = load(content)
    assert torch.equal(loaded['a'], weights['a'])
    assert loaded['n'].dtype == torch.int64
    (tmp_path / 'w.safetensors').write_bytes(content)
    with safe_open(tmp_path / 'w.safetensors', 'pt') as file:
        assert json.loads(file.metadata()['cmvl_mm']) == about


def test_weights_and_model_must_be_one():
    model = dict(
        type='ContextMotionRecognizer',
        backbone=dict(type='C3DBN', width=2),
        data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=12),
    )
    weights = MODELS.build(model).state_dict()
    require_fit(model, weights, 'here')
    with pytest.raises(PublishError, match=r'here: its config builds nothing for neck\.a'):
        require_fit(model, weights | {'neck.a': torch.zeros(1)}, 'here')
    with pytest.raises(CheckpointError, match='another shape'):
        require_fit(model | dict(backbone=dict(type='C3DBN', width=4)), weights, 'here')


def test_curves_are_thinned_and_keep_their_end(tmp_path):
    rows = [dict(step=step, epoch=1, loss=1 / step) for step in range(1, 1002)]
    log = tmp_path / '1' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(f'{json.dumps(row)}\n' for row in [*rows, dict(step=1, acc=0.5)]))
    text, share = curves_of(tmp_path)
    held = json.loads(text)
    assert share == f'{len(held["curves"])} of 1001 rows'
    assert 300 < len(held['curves']) <= 400
    assert held['curves'][-1] == dict(step=1001, epoch=1, loss=0.000999001)
    assert held['validations'] == [dict(step=1, acc=0.5)]
    with pytest.raises(PublishError, match='no training curves'):
        curves_of(tmp_path / '1')


@pytest.mark.parametrize('written_before', [0, 1, 2])
def test_files_appear_once_all_are_written_and_in_their_order(tmp_path, monkeypatch, written_before):
    files = {tmp_path / name: b'new' for name in ('w.safetensors', 'w.json', 'manifest.yml')}
    for path in files:
        path.write_bytes(b'old')
    calls = []

    def full_disk(number):
        calls.append(number)
        if len(calls) > written_before:
            raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(os, 'fsync', full_disk)
        with pytest.raises(OSError, match='No space left'):
            write_all(files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['manifest.yml', 'w.json', 'w.safetensors']
    assert {path.read_bytes() for path in files} == {b'old'}
    renamed, rename = [], os.replace
    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', lambda one, other: (renamed.append(other.name), rename(one, other)))
        write_all(files)
    assert renamed == ['w.safetensors', 'w.json', 'manifest.yml']
    assert {path.read_bytes() for path in files} == {b'new'}
