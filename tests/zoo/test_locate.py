"""One name, one file: what a user may write for a checkpoint, wherever a checkpoint is asked for."""

from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from zoo_entries import MODEL

from cmvl_mm.checkpoints.pretrained import CheckpointError, read_state_dict, resolve_checkpoint
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.files.digest import DigestError
from cmvl_mm.models.c3d import C3DBN
from cmvl_mm.models.recognizer import ContextMotionRecognizer
from cmvl_mm.zoo.address import AddressError
from cmvl_mm.zoo.limits import DownloadError
from cmvl_mm.zoo.locate import AmbiguousNameError


def test_a_name_is_the_bundled_file_unless_that_is_another(zoo):
    path = zoo()['folder'] / 'tiny_c3d.safetensors'
    assert resolve_checkpoint('tiny_c3d') == path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DigestError, match=r'tiny_c3d\.safetensors'):
        resolve_checkpoint('tiny_c3d')


def test_a_name_is_fetched_where_the_manifest_says(zoo, site, cache, monkeypatch):
    made = zoo(file=None, url='hf://some/one/tiny.safetensors')
    monkeypatch.setenv('HF_ENDPOINT', site.url(''))
    with pytest.raises(DownloadError, match='the server offers'):  # of another size
        resolve_checkpoint('tiny_c3d')
    site.content = (made['folder'] / 'tiny_c3d.safetensors').read_bytes()
    path = resolve_checkpoint('tiny_c3d')
    (asked,) = (path for path in site.paths if not path.startswith('HEAD'))  # the size came before, by HEAD
    assert asked == '/some/one/resolve/main/tiny.safetensors'
    assert path == cache / f'{site.sha256}.weights'
    assert load_file(path).keys() == made['weights'].keys()


def test_weights_that_nobody_has_published_are_not_made_up(zoo):
    zoo(file=None, why='300 MB, and no place for them')
    with pytest.raises(FileNotFoundError, match=r'tiny_c3d: .*300 MB.*tools/train\.py configs/demo/pretrain\.py --cfg'):
        resolve_checkpoint('tiny_c3d')


@pytest.mark.parametrize('kind', ['file', 'folder'])
def test_a_name_that_is_also_a_file_is_ambiguous(zoo, tmp_path, monkeypatch, kind):
    zoo()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'tiny_c3d'
    path.mkdir() if kind == 'folder' else path.touch()
    with pytest.raises(AmbiguousNameError, match=r'Remedy: pass \./tiny_c3d for the file'):
        resolve_checkpoint('tiny_c3d')
    if kind == 'file':
        assert resolve_checkpoint('./tiny_c3d') == path.relative_to(tmp_path)
        assert resolve_checkpoint(path.relative_to(tmp_path)) == path.relative_to(tmp_path)  # a Path is a path


@pytest.mark.parametrize('name', ['tiny_cd3', 'TINY_C3D', 'tiny-c3d', 'tinyc3d.pth'])
def test_a_misspelt_name_is_told_its_neighbour(zoo, name):
    zoo()
    with pytest.raises(FileNotFoundError, match=rf'{name}: no such .*did you mean tiny_c3d\?'):
        resolve_checkpoint(name)


def test_an_address_needs_its_digest_wherever_it_stands(site):
    with pytest.raises(AddressError, match='no digest'):
        resolve_checkpoint(site.url())
    found = resolve_checkpoint(f'{site.url()}#sha256={site.sha256}')
    assert found == resolve_checkpoint(site.url(), sha256=site.sha256)
    with pytest.raises(AddressError, match='two digests'):
        resolve_checkpoint(f'{site.url()}#sha256={site.sha256}', sha256='0' * 64)


@pytest.mark.parametrize(
    'path', ['/w.safetensors', '/w.safetensors/content', '/dl?file=w.safetensors', '/W.SAFETENSORS']
)
@pytest.mark.parametrize('kind', ['safetensors', 'pth'])
def test_what_was_fetched_is_read_by_its_content(site, tmp_path, kind, path, zoo):
    weights = zoo()['weights']
    if kind == 'pth':
        torch.save(dict(state_dict=weights), tmp_path / 'w.pth')
        site.content = (tmp_path / 'w.pth').read_bytes()
    else:
        site.content = (zoo()['folder'] / 'tiny_c3d.safetensors').read_bytes()
    loaded = read_state_dict(f'{site.url(path)}#sha256={site.sha256}')
    assert loaded.keys() == weights.keys()


def test_init_cfg_takes_names_and_addresses(zoo, site):
    def started(**start):
        config = dict(type='PretrainedBackbone', **start)
        model = ContextMotionRecognizer(C3DBN(width=MODEL['backbone']['width']), init_cfg=config)
        model.init_weights()
        return model.backbone

    made = zoo()
    site.content = (made['folder'] / 'tiny_c3d.safetensors').read_bytes()
    for start in (
        dict(checkpoint='tiny_c3d'),
        dict(checkpoint='tiny_c3d', sha256=site.sha256),
        dict(checkpoint=f'{site.url()}#sha256={site.sha256}'),
        dict(checkpoint=site.url(), sha256=site.sha256),
    ):
        assert torch.equal(started(**start).conv1.weight, made['weights']['backbone.conv1.weight'])
    with pytest.raises(DigestError):
        started(checkpoint='tiny_c3d', sha256='0' * 64)


def test_weights_alone_are_no_run_to_resume(zoo):
    zoo()
    with pytest.raises(CheckpointError, match=r'tiny_c3d: the file has weights only.*load_from=… and without --resume'):
        CompressedRunner.resume(SimpleNamespace(), 'tiny_c3d')
