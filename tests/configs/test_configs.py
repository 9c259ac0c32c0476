"""Every config builds, takes one training or test step at a tiny size, and says what it is."""

import ast
import re
from pathlib import Path

import pytest
import torch
from mmaction.registry import METRICS, MODELS, TRANSFORMS
from mmengine.optim import build_optim_wrapper
from shrunk import LEAVES, REPOSITORY, local_loader, shrink

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import by_name
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.gradients import watch_first_step
from cmvl_mm.engine.inference_pipeline import pipeline_of_test

ABLATIONS = [leaf for leaf in LEAVES if '\nChanges: ' in (REPOSITORY / leaf).read_text()]
EVERY_LEAF = pytest.mark.parametrize('leaf', LEAVES)


def test_there_are_the_promised_configs():
    nets = ('c3d', 'r2plus1d26', 'r3d26')
    promised = {f'configs/pretrain_{net}_{data}.py' for net in nets for data in ('ucf', 'k400')}
    promised |= {
        f'configs/{task}_{net}_{data}.py'
        for task in ('finetune', 'retrieval')
        for net in nets
        for data in ('ucf', 'hmdb')
    }
    promised |= {f'configs/released/{task}_{net}_ucf.py' for task in ('pretrain', 'finetune') for net in nets}
    promised |= {
        f'configs/{task}_{net}_ucf.py'
        for task in ('pretrain', 'finetune', 'retrieval')
        for net in ('r3d10', 'r2plus1d10')
    }
    promised |= {f'configs/fast/pretrain_{net}_ucf.py' for net in nets}
    promised.add('configs/pretrain_slowonly50_ucf.py')
    tasks = ('pretrain', 'finetune', 'retrieval', 'linear', 'knn')
    promised |= {f'configs/{size}/{task}.py' for size in ('demo', 'own') for task in tasks}
    assert promised <= set(LEAVES)


@EVERY_LEAF
def test_one_step(leaf, controlled_set):
    config = shrink(load_config(REPOSITORY / leaf))
    model = MODELS.build(config.model)
    model.init_weights()
    if 'train_dataloader' in config:
        batch = next(iter(local_loader(config.train_dataloader, controlled_set)))
        optimiser = build_optim_wrapper(model, config.optim_wrapper)
        before = {name: value.clone() for name, value in model.named_parameters()}
        untrained = []
        watch_first_step(optimiser.optimizer, model, untrained.extend)
        log = model.train().train_step(batch, optimiser)
        assert untrained == []
        assert torch.isfinite(log['loss'])
        still = [name for name, value in model.named_parameters() if torch.equal(value, before[name])]
        # zero-initialised residual branches and the decoder's first look at zeros learn from the second step on
        assert len(still) < 0.5 * len(before), still
    if 'test_dataloader' in config:
        batch = next(iter(local_loader(config.test_dataloader, controlled_set)))
        with torch.no_grad():  # as a test's loop does
            predictions = model.eval().test_step(batch)
        metric = METRICS.build(config.test_evaluator)
        metric.process(batch, [prediction.to_dict() for prediction in predictions])
        assert len(metric.results) == 2


@EVERY_LEAF
def test_full_size_model_builds(leaf):
    with torch.device('meta'):
        model = MODELS.build(load_config(REPOSITORY / leaf).model)
    millions = sum(value.numel() for value in model.backbone.parameters()) / 1e6
    sizes = {'configs/own/': 12.96, 'demo': 0.89, 'evidence': 0.89, 'c3d': 27.66, 'r2plus1d26': 26.51, 'r3d26': 26.50}
    sizes |= {'r3d10': 14.36, 'r2plus1d10': 14.37, 'slowonly50': 31.63, 'tsm50': 23.51}
    network = next((name for name in sizes if name in leaf), 'r2plus1d26' if 'table3' in leaf else 'c3d')
    assert millions == pytest.approx(sizes[network], abs=0.01)


@EVERY_LEAF
def test_leaf_says_command_and_number_and_little_else(leaf):
    source = (REPOSITORY / leaf).read_text()
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring is not None
    assert leaf in docstring
    assert re.search(r'^Paper: ', docstring, re.MULTILINE) or leaf.startswith(('configs/demo/', 'configs/evidence/'))
    body = source.split('"""')[2]
    changes = [
        line
        for line in body.splitlines()
        if line.strip() and not line.strip().startswith(('_base_', "'.", ']', 'from cmvl_mm.datasets.stages import'))
    ]
    assert len(changes) <= 13, changes


def flat(node: object, path: str = '') -> dict[str, object]:
    """'a.b' -> value for every leaf of nested dicts."""
    if not isinstance(node, dict) or not node:
        return {path.rstrip('.'): node}
    return {key: value for name, child in node.items() for key, value in flat(child, f'{path}{name}.').items()}


def declaration(leaf: str) -> tuple[Path, list[str]]:
    """The config that an ablation compares with, and the keys that it says it changes."""
    tree = ast.parse((REPOSITORY / leaf).read_text())
    docstring = ast.get_docstring(tree)
    changes = re.search(r'^Changes: ((?:.+\n?)+)\Z', docstring, re.MULTILINE)
    assert changes, 'the docstring must end in "Changes: key, key"'
    named = re.search(r'^Base: (\S+)$', docstring, re.MULTILINE)
    if named:
        return REPOSITORY / named[1], re.split(r',\s+', changes[1].strip())
    bases = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == '_base_']
    return (REPOSITORY / leaf).parent / ast.literal_eval(bases[0]), re.split(r',\s+', changes[1].strip())


@pytest.mark.parametrize('leaf', ABLATIONS)
def test_an_ablation_changes_only_its_declared_keys(leaf):
    base, declared = declaration(leaf)
    mine, theirs = (by_name(load_config(path).to_dict()) for path in (REPOSITORY / leaf, base))
    for settings in (mine, theirs):
        settings.pop('test_pipeline', None)  # equal to the test's, see below
    mine, theirs = flat(mine), flat(theirs)
    differing = {key for key in mine | theirs if mine.get(key) != theirs.get(key)}  # None is as good as not there
    within = {key: [name for name in declared if f'{key}.'.startswith(f'{name}.')] for key in differing}
    assert [key for key, names in within.items() if not names] == []
    assert set(declared) == {name for names in within.values() for name in names}, 'a declared key does not change'


@EVERY_LEAF
def test_a_test_can_read_a_bare_file(leaf):
    """MMAction2's inference does: `inference_recognizer` by `test_pipeline`, its inferencers by the data set's."""
    config = load_config(REPOSITORY / leaf)
    pipeline = pipeline_of_test(config)
    if pipeline is not None:
        assert pipeline[0] == dict(type='OpenVideo')
    if config.model.get('cls_head') is not None and pipeline is not None:
        assert config.test_pipeline == pipeline


def test_every_row_of_the_ablation_tables_has_its_config():
    nets, data = ('c3d', 'r2plus1d26', 'r3d26'), ('ucf', 'hmdb')
    cells = [f'{net}_{name}' for net in nets for name in data]
    promised = {f'table1_{row}' for row in ('current', 'cross_entropy', 'mse', 'convgru')}
    promised |= {f'table2_{cell}_{start}' for cell in cells for start in ('scratch', 'k400')}
    promised |= {f'table3_{start}' for start in ('scratch', 'ucf', 'k400')}
    promised |= {f'table4_{row}' for row in ('iframes', 'motion_vectors', 'optical_flow')}
    promised |= {f'table5_{network}_{name}' for network in ('i_network', 'm_network') for name in data}
    promised |= {f'table6_{cell}' for cell in cells} | {'table7'}
    assert promised <= {path.stem for path in (REPOSITORY / 'configs/ablations').glob('*.py')}
    assert {f'configs/ablations/{name}.py' for name in promised} <= set(ABLATIONS)


def test_a_misspelt_argument_is_a_type_error_everywhere():
    config = load_config(REPOSITORY / 'configs/demo/pretrain.py')
    for path in (
        'model.widht',
        'model.backbone.widht',
        'model.context_head.temprature',
        'model.context_head.i_network.depth',
        'model.motion_head.predictor.heads',
        'model.data_preprocessor.motion_clip',
        'model.test_cfg.clips',
    ):
        broken = config.copy()
        broken.merge_from_dict({path: 1})
        with pytest.raises(TypeError, match=path.split('.')[-1]):
            MODELS.build(broken.model)
    for stage in config.train_dataloader.dataset.pipeline:
        with pytest.raises(TypeError, match=r'misspelt|takes no arguments'):
            TRANSFORMS.build(dict(stage, misspelt=1))


PAPER_PRETRAINING = {
    'optim_wrapper.optimizer': dict(type='SGD', lr=0.0005 * 64, momentum=0.9, weight_decay=0.005),
    'optim_wrapper.clip_grad': dict(max_norm=15, norm_type=2),
    'auto_scale_lr': dict(enable=True, base_batch_size=64),
    'train_cfg.max_epochs': 120,
    'param_scheduler.0': dict(type='LinearLR', start_factor=0.01, by_epoch=True, begin=0, end=6),
    'param_scheduler.1': dict(type='CosineAnnealingLR', eta_min=0.0, by_epoch=True, begin=5, end=120, T_max=115),
    'model.context_head.loss_weight': 0.5,
    'model.motion_head.loss_weight': 0.5,
    'model.context_head.temperature': 0.1,
    'model.motion_head.temperature': 0.1,
    'model.motion_head.predictor.num_encoder_layers': 2,
    'model.motion_head.predictor.num_decoder_layers': 4,
    'model.motion_head.predictor.width': 512,
    'model.motion_head.predictor.ffn_width': 512,
    'model.data_preprocessor': dict(type='CompressedVideoPreprocessor', motion_size=112, motion_clamp=10.0),
    'train_dataloader.batch_size': 16,
    'train_dataloader.dataset.pipeline.sample': dict(
        type='SamplePretraining',
        clip_len=16,
        frame_interval=4,
        future_gap=2,
        motion_len=8,
        num_negatives=3,
        iframe_margin=5,
        past_end='error',
    ),
    'train_dataloader.dataset.pipeline.crop': dict(
        type='RandomCropFlip', size=112, area=(0.2, 1.0), aspect=(3 / 4, 4 / 3), flip_prob=0.5
    ),
    'train_dataloader.dataset.pipeline.colour': dict(
        type='AugmentColour',
        blur_prob=0.5,
        blur_sigma=(0.1, 2.0),
        jitter_prob=0.5,
        brightness=0.4,
        contrast=0.4,
        saturation=0.4,
        hue=0.1,
        gray_prob=0.0,
    ),
}
PAPER_TESTING = {
    'test_dataloader.dataset.pipeline.sample': dict(
        type='SampleClips', clip_len=16, frame_interval=4, place='bin_centres', num_clips=10, past_end='repeat_last'
    ),
    'test_dataloader.dataset.pipeline.crop': dict(type='CentreCrop', size=112, resize_short=128),
}


def value_at(config, path):
    for part in path.split('.'):
        config = config[int(part)] if part.isdigit() else config[part]
    return config


def paper_finetuning(data):
    rate, decay = {'ucf': (0.0001, 0.003), 'hmdb': (0.0002, 0.002)}[data]
    return PAPER_TESTING | {
        'optim_wrapper.optimizer': dict(type='SGD', lr=rate * 8, momentum=0.9, weight_decay=decay),
        'auto_scale_lr': dict(enable=True, base_batch_size=8),
        'train_cfg.max_epochs': 120,
        'param_scheduler.0.end': 11,
        'param_scheduler.1.begin': 10,
        'param_scheduler.1.eta_min': 1e-6,
        'model.cls_head.dropout': 0.3,
        'model.cls_head.num_classes': {'ucf': 101, 'hmdb': 51}[data],
        'train_dataloader.batch_size': 8,
        'train_dataloader.dataset.pipeline.sample.place': 'random',
        'train_dataloader.dataset.pipeline.colour': PAPER_PRETRAINING['train_dataloader.dataset.pipeline.colour'],
    }


@pytest.mark.parametrize('leaf', [leaf for leaf in LEAVES if leaf.count('/') == 1])
def test_numbers_are_the_papers(leaf):
    """Every setting that print or, where print is silent, the release states."""
    task, data = Path(leaf).stem.split('_')[0], Path(leaf).stem.split('_')[-1]
    expected = {'pretrain': PAPER_PRETRAINING, 'retrieval': PAPER_TESTING}.get(task) or paper_finetuning(data)
    config = by_name(load_config(REPOSITORY / leaf).to_dict())
    for path, value in expected.items():
        assert value_at(config, path) == (pytest.approx(value) if isinstance(value, float) else value), path


def test_pretraining_and_finetuning_share_the_network():
    for net in ('c3d', 'r2plus1d26', 'r3d26', 'r2plus1d10', 'r3d10'):
        backbones = [
            load_config(REPOSITORY / f'configs/{task}_{net}_ucf.py').model.backbone.to_dict()
            for task in ('pretrain', 'finetune', 'retrieval')
        ]
        assert backbones[0] == backbones[1] == backbones[2]
