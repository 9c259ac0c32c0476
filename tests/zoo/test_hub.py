"""`cmvl_mm.hub`: models with weights, without a runner, a data set or, for the zoo's, a config."""

import sys

import pytest
import torch
from mmengine.config import Config
from safetensors.torch import save_file
from zoo_entries import MODEL

from cmvl_mm import hub
from cmvl_mm.checkpoints.pretrained import CheckpointError
from cmvl_mm.files.digest import DigestError
from cmvl_mm.models.known_types import TypeNameError
from cmvl_mm.zoo.address import AddressError


def test_a_name_gives_the_model_with_its_weights_ready_for_use(zoo):
    weights = zoo()['weights']
    model = hub.load('tiny_c3d')
    assert not any(part.training for part in model.modules())
    loaded = model.state_dict()
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(value, weights[key]) for key, value in loaded.items())
    imgs = torch.randn(2, 3, 16, 32, 32)
    features = model.extract_feat(imgs)
    assert features.shape == (2, 16)
    torch.testing.assert_close(features[:1], model.extract_feat(imgs[:1]))  # batch norm is frozen


def test_the_zoo_is_listed_with_what_it_says(zoo):
    entry = zoo()['entry']
    assert hub.names() == ['tiny_c3d']
    assert hub.entry('tiny_c3d').sha256 == entry['sha256']
    with pytest.raises(LookupError, match=r"'tiny': the zoo has no such model\. Remedy: choose from: tiny_c3d"):
        hub.entry('tiny')


@pytest.mark.parametrize('form', ['model', 'config', 'file'])
def test_other_files_need_a_config(zoo, tmp_path, form, site):
    made = zoo()
    path = made['folder'] / 'tiny_c3d.safetensors'
    with pytest.raises(ValueError, match=r'not in the zoo.*Remedy: pass the config='):
        hub.load(path)
    model = MODEL | dict(init_cfg=dict(type='PretrainedBackbone', checkpoint='work_dirs/nowhere'))
    (tmp_path / 'tiny.py').write_text(f'model = {model!r}\n')
    config = dict(model=model, config=dict(model=model), file=tmp_path / 'tiny.py')[form]
    site.content = path.read_bytes()
    for name in (path, str(path), f'{site.url()}#sha256={site.sha256}'):
        loaded = hub.load(name, config=config)
        assert torch.equal(loaded.backbone.conv1.weight, made['weights']['backbone.conv1.weight'])
        assert loaded.init_cfg is None  # nothing may load other weights over these


def test_weights_that_do_not_fill_the_model_are_refused(zoo, tmp_path):
    weights = zoo()['weights']
    del weights['backbone.conv1.bias']
    save_file(weights, tmp_path / 'less.safetensors')
    with pytest.raises(CheckpointError, match=r'1 keys are missing: backbone\.conv1\.bias'):
        hub.load(tmp_path / 'less.safetensors', config=MODEL)


def test_digests_are_kept_to_and_nothing_is_asked_for_in_vain(zoo, site):
    path = zoo()['folder'] / 'tiny_c3d.safetensors'
    with pytest.raises(ValueError, match=r'weights\.safetensors: not in the zoo.*Remedy: pass the config='):
        hub.load(f'{site.url()}?key=secret#sha256={site.sha256}')
    with pytest.raises(DigestError):
        hub.load(path, config=MODEL, sha256='0' * 64)
    with pytest.raises(AddressError, match='no digest'):
        hub.load(site.url(), config=MODEL)
    assert site.paths == []
    site.content = path.read_bytes()
    assert hub.load(site.url(), config=MODEL, sha256=site.sha256)


@pytest.mark.parametrize(
    ('place', 'change'),
    [
        ('model', dict(type='flag_module.Part')),
        ('model', dict(type='flag_module')),
        ('model', dict(type=print)),
        ('model', dict(_scope_='flag_module')),
        ('model.backbone', dict(backbone=dict(type='flag_module.Part'))),
        ('model.test_cfg.1', dict(test_cfg=[{}, dict(type='flag_module.Part')])),
    ],
)
def test_data_name_registered_models_only(zoo, site, tmp_path, monkeypatch, place, change):
    """A module that could be imported stays unread."""
    (tmp_path / 'flag_module.py').write_text('class Part: pass\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    model = MODEL | change
    path = zoo()['folder'] / 'tiny_c3d.safetensors'
    for config in (model, dict(model=model), Config(dict(model=model))):
        with pytest.raises(TypeNameError, match=rf'config: {place}\.(type|_scope_) is .*Remedy'):
            hub.load(path, config=config)
        with pytest.raises(TypeNameError):
            hub.load(f'{site.url()}#sha256={site.sha256}', config=config)
    if change != dict(type=print):
        zoo(model=model)
        with pytest.raises(TypeNameError, match=rf'tiny_c3d: {place}\.'):
            hub.load('tiny_c3d')
    assert site.paths == []
    assert 'flag_module' not in sys.modules
