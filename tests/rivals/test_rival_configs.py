"""Each method has its three configs, which build, read, say what they are, and pass the same number of clips."""

import ast
import re
import runpy
import sys

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.optim import build_optim_wrapper
from rival_samples import CodedVideo, drawn, narrow
from test_overfit import METHODS, QUEUED

from cmvl_mm.checkpoints.pretrained import read_state_dict
from cmvl_mm.datasets.collate import compressed_collate
from cmvl_mm.datasets.sampling import VideoTooShort
from cmvl_mm.datasets.stages import stage_of
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.fast_step import spell_out
from cmvl_mm.engine.logs import read_curves

NAMES = (*METHODS, *QUEUED)
BUDGET = 30 * 576 * 16
"""Frames through the network at evidence size, of evidence/pretrain: 30 epochs of 576 clips of 16."""


@pytest.fixture(scope='module')
def folder(repository):
    return repository / 'configs/rivals'


def test_the_folders_have_the_same_methods(folder):
    names = {size: {path.stem for path in (folder / size).glob('*.py')} for size in ('evidence', 'demo', 'paper')}
    assert names['evidence'] == names['demo'] == set(NAMES)
    assert names['paper'] == {f'{name}_r3d26_ucf' for name in NAMES}


@pytest.mark.parametrize('name', NAMES)
def test_it_says_command_number_and_cost(name, folder):
    for size in ('evidence', 'demo', 'paper'):
        path = folder / size / (f'{name}_r3d26_ucf.py' if size == 'paper' else f'{name}.py')
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        assert f'python tools/train.py configs/rivals/{size}/{path.name}\n' in docstring
        fields = ('Protocol', 'Cost', 'Paper') if size == 'paper' else ('Protocol', 'Cost')
        assert [field for field in fields if not re.search(f'^{field}: ', docstring, re.MULTILINE)] == []
        assert ('nverified' in docstring) == ('nverified' in (folder / 'evidence' / f'{name}.py').read_text())


@pytest.mark.parametrize('name', NAMES)
def test_the_full_size_model_builds_and_takes_a_step_when_narrow(name, folder):
    config = load_config(folder / f'paper/{name}_r3d26_ucf.py')
    with torch.device('meta'):
        model = MODELS.build(config.model)
    assert sum(value.numel() for value in model.backbone.parameters()) / 1e6 == pytest.approx(26.50, abs=0.01)
    pipeline = [TRANSFORMS.build(stage) for stage in config.train_dataloader.dataset.pipeline]
    videos = [CodedVideo(240, moving=range(240)) for _ in range(2)]
    samples = [dict(video=video, rng=np.random.default_rng(n), label=0, path='a') for n, video in enumerate(videos)]
    for stage in pipeline:
        samples = [stage(sample) for sample in samples]
    narrow(config.model, 2048)
    if name == 'speednet':
        config.model.pretext_head.sizes = (64, 64)  # 336 takes seconds
    model = MODELS.build(config.model)
    model.init_weights()
    log = model.train().train_step(compressed_collate(samples), build_optim_wrapper(model, config.optim_wrapper))
    assert torch.isfinite(log['loss'])


@pytest.mark.parametrize('name', NAMES)
def test_evidence_and_demo_pass_equal_numbers_of_frames(name, folder):
    for size, budget, more in (('evidence', BUDGET, 1.07), ('demo', BUDGET * 12 // 30, 1.34)):  # whole epochs
        config = load_config(folder / f'{size}/{name}.py')
        docstring = ast.get_docstring(ast.parse((folder / f'{size}/{name}.py').read_text()))
        said = int(re.search(r'^Cost: .* ([\d,]+) in all', docstring, re.MULTILINE)[1].replace(',', ''))
        assert 0.99 * budget <= 16 * said <= more * budget, said
        epochs = config.train_cfg.max_epochs
        assert f'; {epochs} epochs' in docstring
        assert config.param_scheduler[0].end == epochs
        assert config.auto_scale_lr.base_batch_size == config.train_dataloader.batch_size
        frames = frames_a_video(config, docstring)
        assert epochs * 576 * frames == pytest.approx(16 * said, rel=0.01)


def frames_a_video(config, docstring):
    """What the docstring says passes the network, checked against stage and head."""
    count = float(re.search(r'^Cost: ([\d.]+) clips? a video', docstring, re.MULTILINE)[1])
    sample = dict(video=CodedVideo(108, moving=range(108)), rng=np.random.default_rng(0), label=0, path='a')
    clips = TRANSFORMS.build(stage_of(config.train_dataloader.dataset.pipeline, 'sample'))(sample)['clip_frames']
    assert MODELS.build(config.model.pretext_head).frames_through(clips.size) == count * 16
    return count * 16


@pytest.mark.parametrize('name', ['vcop'])
def test_a_run_from_the_command_line_trains_and_its_network_is_read_for_retrieval(
    name, folder, repository, controlled_set, tmp_path, monkeypatch
):
    """In this process: `tools/train.py` for one epoch of two steps, then `tools/test.py` of the suite's retrieval."""
    train, data = runpy.run_path(str(repository / 'tools/train.py'))['main'], 'train_dataloader.dataset'
    monkeypatch.setitem(train.__globals__, 'read_files_as_data', lambda: None)
    words = ['train', str(folder / f'evidence/{name}.py'), '--work-dir', str(tmp_path / 'run'), '--epochs', '1']
    words += ['--cfg-options', f'{data}.ann_file={controlled_set}/train.txt', 'model.backbone.width=4']
    words += [f'{data}.data_prefix.video={controlled_set}', 'train_dataloader.batch_size=4']
    words += ['train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False']
    words += ['model.pretext_head.in_channels=32', 'default_hooks.logger.interval=1']
    monkeypatch.setattr(sys, 'argv', words)
    train()
    assert [row['step'] for row in read_curves(tmp_path / 'run')] == [1, 2]
    network = dict(load_config(repository / 'configs/evidence/retrieval.py').model)
    network['backbone'] = dict(network['backbone'], width=4)
    network['init_cfg'] = dict(network['init_cfg'], checkpoint=str(tmp_path / 'run'))
    model = MODELS.build(network)
    model.init_weights()
    weights = read_state_dict(tmp_path / 'run')
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(value, weights[f'backbone.{key}'])


@pytest.mark.parametrize('name', ['vthcl', 'st_puzzle', 'dpc'])
def test_what_is_dumped_is_read_back(name, folder, tmp_path):
    config = load_config(folder / f'evidence/{name}.py')
    config.dump(tmp_path / 'dumped.py')
    assert load_config(tmp_path / 'dumped.py').to_dict() == config.to_dict()


MUST_KEEP = {
    'vcop': ({'sample.gap': 8}, {}),
    'vcp': ({'sample.gap': 8}, {}),
    'shuffle_learn': ({'crop.flips': 'shared'}, {}),
    'pace': ({'colour.each': 'frame'}, {}),
    'rotnet': ({'crop.rotation': 10.0}, {}),
    'opn': ({'colour.each': 'frame', 'colour.channel': 'one', 'crop.flips': 'shared', 'crop.jitter': 0.05}, {}),
    'st_puzzle': ({'sample.stretch': 24, 'crop.type': 'CropPuzzle', 'crop.jitter': 0.286, 'colour.channel': 'one'}, {}),
    'dpc': ({'sample.blocks': 8, 'sample.block_len': 5, 'colour.each': 'frame'}, {}),
    'memdpc': ({'sample.blocks': 8, 'sample.block_len': 5, 'colour.each': 'frame'}, {}),
    'vthcl': ({'sample.slow': (8, 8), 'sample.fast': (32, 2)}, {'in_channels': 2}),
}
"""What makes it that method and no other, at every size: of the pipeline, and how many depths a head has."""


@pytest.mark.parametrize('name', MUST_KEEP)
def test_what_must_stay_a_methods_own_stays(name, folder):
    stages, depths = MUST_KEEP[name]
    for path in (f'evidence/{name}', f'paper/{name}_r3d26_ucf', f'demo/{name}'):
        config = load_config(folder / f'{path}.py')
        pipeline = config.train_dataloader.dataset.pipeline
        for key, value in stages.items():
            role, argument = key.split('.')
            assert stage_of(pipeline, role)[argument] == value, path
        for key, count in depths.items():
            assert len(config.model.pretext_head[key]) == count


ORDERED = ('vcop', 'vcp', 'shuffle_learn', 'opn', 'buechler', 'st_puzzle')
CONTRASTED = ('simclr', 'moco', 'dsm', 'vtdl', 'vthcl', 'tclr')


@pytest.mark.parametrize(
    ('size', 'name'),
    [('evidence', name) for name in (*ORDERED, *CONTRASTED)] + [('paper', name) for name in ORDERED],
)
def test_all_clips_of_a_video_are_mirrored_or_none(size, name, folder):
    """Else nothing continues from one clip to the next; and at evidence size, where mirrored motions are labels, a clip
    and its positive would be of different ones. Official settings without a flip mirror none.
    """
    path = folder / size / (f'{name}_r3d26_ucf.py' if size == 'paper' else f'{name}.py')
    pipeline, seen = load_config(path).train_dataloader.dataset.pipeline, set()
    for seed in range(12):
        sample = drawn(stage_of(pipeline, 'sample'), seed, CodedVideo(150, moving=range(150)))
        for role in ('read', 'crop'):
            sample = TRANSFORMS.build(stage_of(pipeline, role))(sample)
        flips = {flip for _, flip in sample['crops']}
        assert len(flips) == 1
        seen |= flips
    assert seen == ({False} if size == 'paper' and name in ('vcop', 'vcp') else {True, False})


@pytest.mark.parametrize('name', sorted({*NAMES} - {'jigsaw', 'rotnet', 'pace', 'prp', 'iic'}))
def test_no_colour_is_shared_by_all_clips_of_a_video(name, folder):
    """Else the mean colour names a video among others: of DPC's blocks it found 95 % in a batch of 8."""
    for path in (f'evidence/{name}', f'paper/{name}_r3d26_ucf'):
        config = load_config(folder / f'{path}.py')
        if name in ('vcop', 'vcp', 'shuffle_learn', 'speednet') and path.startswith('paper'):
            continue  # published without colours
        colour = dict(stage_of(config.train_dataloader.dataset.pipeline, 'colour'), hue=0.5, jitter_prob=1.0)
        grey_blue = np.full((12, 4, 4, 3), (100, 120, 180), np.uint8)
        sample = dict(rng=np.random.default_rng(1), imgs=grey_blue, clip_frames=np.zeros((4, 3)))
        means = TRANSFORMS.build(colour)(sample)['imgs'].reshape(4, -1, 3).mean(1)  # of the four clips
        assert len(np.unique(means, axis=0)) > 1, path


def test_the_levers_of_the_fast_step_reach_a_pretext_recognizer(folder):
    config = load_config(folder / 'paper/dpc_r3d26_ucf.py')
    lines = spell_out(config, 'cpu')
    assert 'fast_step.memory_format: channels_last' in lines
    assert config.model.memory_format == 'channels_last'
    assert stage_of(config.train_dataloader.dataset.pipeline, 'colour').where == 'host'


def test_samples_that_fit_into_44_frames_are_known(folder):
    """Of level future; evidence/rival_rows.py has a row there for these alone."""
    fits = set()
    for name in NAMES:
        stage = stage_of(load_config(folder / f'evidence/{name}.py').train_dataloader.dataset.pipeline, 'sample')
        try:
            drawn(stage, 0, CodedVideo(44, moving=range(44)))
            fits.add(name)
        except VideoTooShort:
            continue
    assert fits == {'rotnet', 'shuffle_learn', 'opn', 'jigsaw', 'buechler', 'simclr', 'moco', 'iic'}
