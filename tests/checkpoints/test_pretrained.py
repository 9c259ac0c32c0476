"""Loading weights: all or an error that says what is wrong, and never a line of code from the file."""

import logging
import pickle
import shutil
from fractions import Fraction
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cmvl_mm.checkpoints.pretrained import (
    CheckpointError,
    load_weights,
    read_checkpoint,
    read_state_dict,
    resolve_checkpoint,
)
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.files.digest import DigestError, sha256_of
from cmvl_mm.models.c3d import C3DBN
from cmvl_mm.models.classification_head import ClassificationHead
from cmvl_mm.models.recognizer import ContextMotionRecognizer


class StubbornC3D(C3DBN):
    """Initialises itself when MMEngine asks, as MMAction2's backbones do."""

    def init_weights(self) -> None:
        for parameter in self.parameters():
            nn.init.constant_(parameter, 7)


def recognizer(backbone: nn.Module, **changes) -> ContextMotionRecognizer:
    head = ClassificationHead(num_classes=3, in_channels=16)
    return ContextMotionRecognizer(backbone, cls_head=head, **changes)


@pytest.fixture
def checkpoint(tmp_path):
    """A pretraining checkpoint: a V-Network and something that a classifier has no use for."""
    weights = {f'backbone.{key}': value for key, value in C3DBN(width=2).state_dict().items()}
    for value in weights.values():
        value.copy_(torch.randn(value.shape) * 10)
    weights['motion_head.predictor.reduce.weight'] = torch.zeros(2, 2)
    torch.save(dict(state_dict=weights, meta=dict(epoch=3)), tmp_path / 'pretrained.pth')
    return tmp_path / 'pretrained.pth'


@pytest.mark.parametrize('backbone', [C3DBN, StubbornC3D])
def test_every_weight_of_the_backbone_is_the_checkpoints(checkpoint, backbone):
    model = recognizer(backbone(width=2), init_cfg=dict(type='PretrainedBackbone', checkpoint=str(checkpoint)))
    head = {key: value.clone() for key, value in model.cls_head.state_dict().items()}
    model.init_weights()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    loaded = model.backbone.state_dict()
    assert len(loaded) == len(weights) - 1
    assert all(torch.equal(value, weights[f'backbone.{key}']) for key, value in loaded.items())
    assert all(torch.equal(value, head[key]) for key, value in model.cls_head.state_dict().items())
    nn.init.zeros_(model.backbone.conv1.weight)
    model.init_weights()  # once: a second time must not undo training
    assert not model.backbone.conv1.weight.any()


def test_another_size_is_an_error_that_names_path_key_and_shapes(checkpoint):
    model = recognizer(C3DBN(width=4), init_cfg=dict(type='PretrainedBackbone', checkpoint=str(checkpoint)))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CheckpointError) as error:
        model.init_weights()
    message = str(error.value)
    assert str(checkpoint) in message
    assert 'backbone.conv1.weight is (2, 3, 3, 3, 3), but the model needs (4, 3, 3, 3, 3)' in message
    assert 'Remedy' in message
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_missing_keys_are_an_error(checkpoint, capsys):
    model, weights = recognizer(C3DBN(width=2)), read_state_dict(checkpoint)
    with pytest.raises(CheckpointError, match=r'2 keys are missing: cls_head\.fc\.weight, cls_head\.fc\.bias'):
        load_weights(model, weights, source=checkpoint)
    del weights['backbone.bn5b.running_mean'], weights['backbone.conv1.bias']
    with pytest.raises(CheckpointError, match=r'2 keys are missing: backbone.conv1.bias, backbone.bn5b.running_mean'):
        load_weights(model.backbone, weights, source='here.pth', prefix='backbone.')
    weights = {key: torch.randn(value.shape) for key, value in model.state_dict().items()}
    capsys.readouterr()
    told = load_weights(model, weights, source='memory')
    assert told == f'memory: loaded {len(weights)} keys into ContextMotionRecognizer'
    assert capsys.readouterr() == ('', '')  # a run logs it; who loads weights in Python sees nothing
    assert torch.equal(model.cls_head.fc.weight, weights['cls_head.fc.weight'])


def test_a_checkpoint_without_backbone_names_what_it_holds(tmp_path):
    torch.save(dict(state_dict={'rgb_backbone.conv1.weight': torch.zeros(1)}), tmp_path / 'theirs.pth')
    config = dict(type='PretrainedBackbone', checkpoint=str(tmp_path / 'theirs.pth'))
    with pytest.raises(CheckpointError, match=r'It has rgb_backbone\.\* \(1\).*tools/convert_checkpoint\.py'):
        recognizer(C3DBN(width=2), init_cfg=config).init_weights()


def test_surplus_keys_are_named_in_the_log(checkpoint, caplog):
    from mmengine.logging import MMLogger

    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    state_dict = read_state_dict(checkpoint) | {'residual_head.weight': torch.zeros(1)}
    try:
        load_weights(C3DBN(width=2), state_dict, source='heads', prefix='backbone.')
        load_weights(C3DBN(width=2), {**state_dict, 'neck.weight': torch.zeros(1)}, source='more', prefix='backbone.')
    finally:
        logger.removeHandler(caplog.handler)
    said = {record.getMessage(): record.levelno for record in caplog.records if 'left out' in record.getMessage()}
    assert said == {
        'heads: left out 2 keys: motion_head.* (1), residual_head.* (1)': logging.INFO,
        'more: left out 3 keys: motion_head.* (1), residual_head.* (1), neck.* (1)': logging.WARNING,
    }


@pytest.mark.parametrize(
    'content',
    [dict(state_dict=Fraction(1)), [torch.zeros(1)], {'epoch': 1}, pickle.dumps(Fraction(1)), b'404', None],
    ids=['object', 'list', 'no weights', 'bare', 'text', 'truncated'],
)
@pytest.mark.parametrize('environment', ['0', '1'])
def test_files_that_are_no_checkpoints_are_refused_in_one_line(tmp_path, monkeypatch, checkpoint, content, environment):
    """Torch's own message recommends another way to load, and a variable of it asks for that way: neither counts."""
    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', environment)
    path = tmp_path / 'file.pth'
    if content is None or isinstance(content, bytes):
        path.write_bytes(content or checkpoint.read_bytes()[:2000])
    else:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match=r'file\.pth') as error:
        read_state_dict(path)
    assert 'weights_only' not in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert ('Fraction' in str(error.value)) == (content == dict(state_dict=Fraction(1)))


def test_weights_as_safetensors_are_read_alike(tmp_path, checkpoint):
    weights = read_state_dict(checkpoint)
    save_file(weights, tmp_path / 'same.safetensors')
    loaded = read_state_dict(tmp_path / 'same.safetensors')
    assert loaded.keys() == weights.keys()
    assert all(torch.equal(value, weights[key]) for key, value in loaded.items())
    model = recognizer(
        C3DBN(width=2), init_cfg=dict(type='PretrainedBackbone', checkpoint=f'{tmp_path}/same.safetensors')
    )
    model.init_weights()
    assert torch.equal(model.backbone.conv1.weight, weights['backbone.conv1.weight'])


@pytest.mark.parametrize('name', ['w.safetensors', 'W.SafeTensors'])
def test_what_is_called_safetensors_is_never_unpickled(tmp_path, checkpoint, name):
    path = tmp_path / name
    path.write_bytes(checkpoint.read_bytes())
    with pytest.raises(CheckpointError, match='SafetensorError'):
        read_checkpoint(path)


@pytest.mark.parametrize('name', ['whole.pth', 'bare.pth', 'whole.safetensors'])
def test_the_runner_reads_every_kind_and_drops_the_config_unread(tmp_path, name):
    """The config's text is no config."""
    model, path = recognizer(C3DBN(width=2)), tmp_path / name
    weights = {key: torch.randn(value.shape).to(value.dtype) for key, value in model.state_dict().items()}
    if name == 'whole.safetensors':
        save_file(weights, path)
    else:
        whole = dict(state_dict=weights, meta=dict(epoch=3, config='raise SystemExit'))
        torch.save(whole if name == 'whole.pth' else weights, path)
    runner = SimpleNamespace(model=model, logger=logging.getLogger('test'), call_hook=lambda *_, **__: None)
    loaded = CompressedRunner.load_checkpoint(runner, str(path))
    assert 'config' not in loaded.get('meta', {})
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


def test_pretrained_weights_may_be_pinned_by_their_digest(checkpoint):
    published = sha256_of(checkpoint)
    config = dict(type='PretrainedBackbone', checkpoint=str(checkpoint), sha256=published)
    recognizer(C3DBN(width=2), init_cfg=config).init_weights()
    content = bytearray(checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    checkpoint.write_bytes(content)
    with pytest.raises(DigestError, match=published):
        recognizer(C3DBN(width=2), init_cfg=config).init_weights()


def test_a_work_directory_stands_for_its_newest_valid_checkpoint(tmp_path, checkpoint):
    run = tmp_path / 'run'
    run.mkdir()
    with pytest.raises(FileNotFoundError, match='finish the run first'):
        resolve_checkpoint(run)
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        shutil.copy(checkpoint, run / name)
    (run / 'last_checkpoint').write_text('/somewhere/else/epoch_2.pth')  # the directory has moved since
    assert resolve_checkpoint(run) == run / 'epoch_2.pth'
    assert resolve_checkpoint(run / 'epoch_1.pth') == run / 'epoch_1.pth'
    (run / 'epoch_2.pth').write_bytes(checkpoint.read_bytes()[:2000])
    assert resolve_checkpoint(run) == run / 'epoch_1.pth'
    (run / 'epoch_1.pth').unlink()
    with pytest.raises(
        CheckpointError, match=r'(?s)no checkpoint here can be used.*epoch_2\.pth: .*not a whole archive'
    ):
        resolve_checkpoint(run)
    for find in (resolve_checkpoint, read_checkpoint):
        with pytest.raises(FileNotFoundError, match=r'nowhere\.pth: no such checkpoint'):
            find('nowhere.pth')
