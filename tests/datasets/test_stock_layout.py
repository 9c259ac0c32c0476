"""MMAction2's own recognizers train and test on compressed videos, through MMEngine's own Runner."""

import pytest
import torch
from mmaction.registry import DATASETS, MODELS
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config

RECIPES = {'slowonly50': (1, (3, 16, 48, 48)), 'tsm50': (8, (3, 48, 48))}  # views of a clip, and their shape
EVERY_RECIPE = pytest.mark.parametrize('name', RECIPES)


@pytest.fixture(autouse=True)
def _scope():
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield


@pytest.fixture
def config_of(repository, controlled_set):
    """A recipe of `configs/mmaction2` on the controlled videos, small enough for a test."""

    def load(name, **options):
        options = dict(batch_size=3, num_workers=0, persistent_workers=False, pin_memory=False) | options
        small = {
            'model.cls_head.num_classes': 8,
            'test_dataloader.dataset.pipeline.sample.num_clips': 3,
            'test_dataloader.dataset.pipeline.crop': dict(size=48, resize_short=56),
            'train_dataloader.dataset.pipeline.crop.size': 48,
        }
        for use in ('train', 'test'):
            small |= {f'{use}_dataloader.{key}': value for key, value in options.items()}
            small |= {
                f'{use}_dataloader.dataset.ann_file': str(controlled_set / f'{use}.txt'),
                f'{use}_dataloader.dataset.data_prefix.video': str(controlled_set),
            }
        if name == 'slowonly50':
            small |= {'model.backbone.base_channels': 4, 'model.cls_head.in_channels': 128}
        else:
            small |= {'model.backbone.depth': 18, 'model.cls_head.in_channels': 512}
        return load_config(repository / f'configs/mmaction2/{name}_ucf.py', small)

    return load


@pytest.mark.parametrize(('name', 'workers'), [('slowonly50', 2), ('tsm50', 0)])
def test_a_stock_runner_trains_and_tests(config_of, tmp_path, name, workers):
    config = config_of(name, num_workers=workers)
    config.update(work_dir=str(tmp_path), default_hooks=dict(logger=None), custom_hooks=[], log_level='WARNING')
    config.merge_from_dict(dict(train_cfg=dict(_delete_=True, type='EpochBasedTrainLoop', max_epochs=1)))
    config.update(param_scheduler=None)
    config.optim_wrapper.optimizer.lr = 0.1  # every weight moves by more than its rounding
    config.train_dataloader.update(sampler=dict(type='DefaultSampler', shuffle=True))
    runner = Runner.from_cfg(config)
    seen = []
    runner.model.register_forward_pre_hook(lambda _, args, given: seen.append(given['inputs'].shape), with_kwargs=True)
    before = {key: value.clone() for key, value in runner.model.named_parameters()}
    runner.train()
    still = [key for key, value in runner.model.named_parameters() if torch.equal(value.cpu(), before[key])]
    assert runner.iter == 2  # eight videos, the last two dropped
    assert still == []
    figures = runner.test()
    views, shape = RECIPES[name]
    assert seen == [(3, views, *shape)] * 2 + [(videos, 3 * views, *shape) for videos in (3, 3, 2)]
    assert figures['finetune/top1'] in [count / 8 for count in range(9)]


@EVERY_RECIPE
def test_scores_are_the_naive_average_over_clips(config_of, name):
    config = config_of(name)
    data = DATASETS.build(config.test_dataloader.dataset)
    model = MODELS.build(config.model)
    model.init_weights()
    model.train()
    samples = [data[index] for index in (2, 5)]
    batch = dict(inputs=[one['inputs'] for one in samples], data_samples=[one['data_samples'] for one in samples])
    frames = torch.cat(batch['inputs'])
    for _ in range(3):  # batch norm must have statistics, or every clip would score alike
        model(model.data_preprocessor(dict(inputs=[frames], data_samples=None))['inputs'], mode='tensor')
    model.eval()
    with torch.no_grad():
        found = model.test_step(batch)
    for sample, prediction in zip(samples, found, strict=True):
        clips = sample['inputs'].unflatten(0, (3, -1)) if name == 'tsm50' else sample['inputs'][:, None]
        scores = [naive_scores(model, clip) for clip in clips]
        assert (scores[0] - scores[2]).abs().max() > 1e-5
        assert torch.allclose(prediction.pred_score, sum(scores) / 3, atol=1e-6)
        assert prediction.gt_label.item() == sample['data_samples'].gt_label.item()


@torch.no_grad()
def naive_scores(model, frames):
    """One clip, normalised by hand: uint8 (1, 3, T, H, W) or (T, 3, H, W) -> softmax over classes."""
    mean, std = (torch.tensor(value)[:, None, None] for value in ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))
    if frames.ndim == 5:
        mean, std = mean[:, None], std[:, None]
    logits = model.cls_head(model.backbone((frames - mean) / std), num_segs=len(frames))
    return logits.softmax(-1).squeeze(0)
