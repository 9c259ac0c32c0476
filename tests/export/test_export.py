"""An exported file computes what the network does, says what it is, or is not there."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from mmaction.registry import MODELS
from safetensors.torch import save_file

import cmvl_mm.register  # noqa: F401
from cmvl_mm import hub
from cmvl_mm.cli.main import main
from cmvl_mm.export import write
from cmvl_mm.export.errors import ExportError
from cmvl_mm.export.network import ClipNetwork, example
from cmvl_mm.export.onnx import facts_in_onnx, run_onnx
from cmvl_mm.export.programs import facts_in_program, run_program
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.workflows.export import export_model

RUN = {'.onnx': run_onnx, '.pt2': run_program}
FACTS = {'.onnx': facts_in_onnx, '.pt2': facts_in_program}
BACKBONES = dict(
    c3d=dict(type='C3DBN', width=2),
    r3d26=dict(type='VideoResNet', width=2, depths=(2, 2, 2, 2), block='bottleneck'),
    r2plus1d=dict(type='VideoResNet', width=4, depths=(1, 1, 1, 1), block='basic', convolution='2plus1d'),
)


def model_of(backbone, **others):
    return dict(
        type='ContextMotionRecognizer',
        backbone=backbone,
        data_preprocessor=dict(type='CompressedVideoPreprocessor', motion_size=12),
        memory_format='channels_last',
        **others,
    )


def saved(tmp_path, model):
    """A network with weights of its own, batch norms that have seen something, as a file."""
    torch.manual_seed(0)
    built = MODELS.build(model).train()
    built._features(torch.randn(2, 3, 8, 32, 32))
    path = tmp_path / 'weights.safetensors'
    save_file({key: value.contiguous() for key, value in built.state_dict().items()}, path)
    return path


@pytest.mark.parametrize('suffix', RUN)
@pytest.mark.parametrize('name', BACKBONES)
def test_every_backbone_gives_the_features_of_its_network(tmp_path, name, suffix):
    config = model_of(BACKBONES[name])
    path = saved(tmp_path, config)
    out = tmp_path / f'model{suffix}'
    made = export_model(path, out, size=32, frames=8, config=config)
    assert made.difference <= 1e-4
    clips = example(8, 32, 5, seed=9)
    raw = clips.float()
    normalised = (raw - torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1, 1)) / torch.tensor(
        [58.395, 57.12, 57.375]
    ).view(3, 1, 1, 1)
    expected = hub.load(path, config=config).extract_feat(normalised)  # not by way of the exported network
    torch.testing.assert_close(RUN[suffix](out, clips), expected, atol=1e-4, rtol=1e-4)
    assert expected.std(0).max() > 1e-3  # clips differ


@pytest.mark.parametrize('suffix', RUN)
def test_a_classifier_gives_probabilities_with_names_and_its_facts(tmp_path, suffix):
    config = model_of(
        BACKBONES['c3d'], cls_head=dict(type='ClassificationHead', num_classes=3, in_channels=16, dropout=0.5)
    )
    path = saved(tmp_path, config)
    built = hub.load(path, config=config)
    meta = dict(dataset_meta=dict(classes=('walk', 'sit', 'fall')))
    torch.save(dict(state_dict=built.state_dict(), meta=meta), tmp_path / 'classifier.pth')
    out = tmp_path / f'model{suffix}'
    export_model(tmp_path / 'classifier.pth', out, size=32, frames=8, batch=2, config=config)
    clips = example(8, 32, 2, seed=4)
    given = dict(inputs=dict(imgs=clips[:, None]), data_samples=None)
    expected = torch.stack([sample.pred_score for sample in built.test_step(given)])
    torch.testing.assert_close(RUN[suffix](out, clips), expected, atol=1e-4, rtol=0)
    facts = FACTS[suffix](out)
    assert facts['weights_sha256'] == sha256_of(tmp_path / 'classifier.pth')
    assert facts['classes'] == ['walk', 'sit', 'fall']
    assert facts['input']['shape'] == [2, 3, 8, 32, 32]
    assert facts['clips']['clip_len'] == 8
    assert facts['normalisation']['mean'] == [123.675, 116.28, 103.53]
    assert facts['output']['name'] == 'probabilities'
    with pytest.raises(Exception, match=r'(?i)dimension|guard|expected'):
        RUN[suffix](out, example(8, 32, 3))


def test_a_head_of_mmaction2_gives_probabilities_too(tmp_path):
    head = dict(type='I3DHead', num_classes=3, in_channels=16, average_clips='prob')
    config = model_of(BACKBONES['c3d'], cls_head=head)
    path = saved(tmp_path, config)
    export_model(path, tmp_path / 'model.onnx', size=32, frames=8, config=config)
    clips = example(8, 32, 2, seed=4)
    found = run_onnx(tmp_path / 'model.onnx', clips)
    given = dict(inputs=dict(imgs=clips[:, None]), data_samples=None)
    expected = torch.stack([sample.pred_score for sample in hub.load(path, config=config).test_step(given)])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_a_file_that_computes_something_else_is_not_kept(tmp_path, monkeypatch):
    network = ClipNetwork(MODELS.build(model_of(BACKBONES['c3d'])))
    facts = dict(input=dict(shape=['batch', 3, 8, 32, 32]), output=dict(name='features'), cmvl_mm='0')
    good = write.FORMATS['.onnx']
    wrong = good._replace(run=lambda path, clips: good.run(path, clips) + 2e-4)
    monkeypatch.setitem(write.FORMATS, '.onnx', wrong)
    with pytest.raises(ExportError, match=r'differs from the network by 0\.0002.*Remedy'):
        write.write_checked(network, tmp_path / 'model.onnx', facts)
    assert list(tmp_path.iterdir()) == []
    wrong = good._replace(run=lambda path, clips: torch.full((len(clips), 16), np.nan))
    monkeypatch.setitem(write.FORMATS, '.onnx', wrong)
    with pytest.raises(ExportError):
        write.write_checked(network, tmp_path / 'model.onnx', facts)


def test_the_command_writes_a_network_of_the_zoo_at_its_own_sizes(tmp_path):
    out = tmp_path / 'new' / 'features.pt2'
    outcome = CliRunner().invoke(main, ['export', 'evidence_both_basic', '-o', str(out), '--json'])
    assert outcome.exit_code == 0, outcome.output
    printed = json.loads(outcome.stdout)
    assert printed['input']['shape'] == ['batch', 3, 16, 48, 48]
    assert printed['clips'] == dict(clip_len=16, frame_interval=2, num_clips=4, size=48, resize_short=56)
    assert printed['difference'] <= 1e-4
    assert run_program(out, example(16, 48, 2)).shape == (2, 128)


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['evidence_both_basic', '-o', 'model.pb'], "unknown format '.pb'. Remedy: choose .onnx or .pt2"),
        (['nowhere', '-o', 'model.onnx'], 'no such checkpoint or work directory'),
        (['evidence_both_basic', '-o', 'model.onnx', '--batch', 'x'], "neither a number of clips nor 'dynamic'"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(main, ['export', *words])
    assert outcome.exit_code != 0
    assert message in outcome.output
    assert 'Traceback' not in outcome.output
    assert list(tmp_path.iterdir()) == []
