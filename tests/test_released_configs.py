"""configs/released/ is the paper's configs plus exactly these differences."""

import pytest

from cmvl_mm.datasets.stages import by_name
from cmvl_mm.engine.config import load_config

NETS = pytest.mark.parametrize('net', ['c3d', 'r2plus1d26', 'r3d26'])

PRETRAINING = {
    'optim_wrapper.optimizer.weight_decay': (0.005, 0.001),
    'optim_wrapper.optimizer.nesterov': (None, True),
    'model.context_head.loss_weight': (0.5, 1.0),
    'model.motion_head.loss_weight': (0.5, 1.0),
    'model.context_head.key_gradient': (None, 'per_rank'),
    'model.motion_head.key_gradient': (None, 'per_rank'),
    'model.data_preprocessor.mirrored_dx': (None, 'keep'),
    'model.data_preprocessor.iframe_channels': (None, 'bgr'),
    'train_dataloader.dataset.data_prefix.rgb': (None, 'data/ucf101/originals'),
    'train_dataloader.dataset.rgb_suffix': (None, '.avi'),
    'train_dataloader.dataset.pipeline.colour.gray_prob': (0.0, 0.2),
    # trained in plain fp32, as the authors' code is
    'fast_step.precision': ('bf16', None),
    'fast_step.memory_format': ('channels_last', None),
    'fast_step.optimizer': ('fused', None),
    'fast_step.logs': ('deferred', None),
    'fast_step.colour': ('host', None),
    'fast_step.compile': ((), None),
}
FINETUNING = {
    'optim_wrapper.optimizer.nesterov': (None, True),
    'train_dataloader.dataset.data_prefix.rgb': (None, 'data/ucf101/originals'),
    'train_dataloader.dataset.rgb_suffix': (None, '.avi'),
    'train_dataloader.dataset.pipeline.sample.past_end': ('repeat_last', 'repeat_first'),
    'train_dataloader.dataset.pipeline.crop.rotation': (None, 10.0),
    'test_dataloader.dataset.data_prefix.rgb': (None, 'data/ucf101/originals'),
    'test_dataloader.dataset.rgb_suffix': (None, '.avi'),
    'test_dataloader.dataset.pipeline.sample.past_end': ('repeat_last', 'repeat_first'),
    'test_pipeline.sample.past_end': ('repeat_last', 'repeat_first'),
}


def flat(node, prefix=''):
    """Nested dicts and lists -> {dotted path: value}."""
    if not isinstance(node, (dict, list)):
        return {prefix: node}
    items = node.items() if isinstance(node, dict) else enumerate(node)
    return {path: value for key, child in items for path, value in flat(child, f'{prefix}.{key}'.strip('.')).items()}


def differences(repository, task, net):
    """{path: (value in print, value as released)}, None where a key is absent."""
    printed, released = (
        flat(by_name(load_config(repository / 'configs' / folder / f'{task}_{net}_ucf.py').to_dict()))
        for folder in ('.', 'released')
    )
    paths = printed.keys() | released.keys()
    pairs = {path: (printed.get(path), released.get(path)) for path in paths}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


@NETS
def test_pretraining_differs_from_print_by_what_was_released(repository, net):
    assert differences(repository, 'pretrain', net) == PRETRAINING


@NETS
def test_finetuning_differs_from_print_by_what_was_released(repository, net):
    start = {'model.init_cfg.checkpoint': (f'work_dirs/pretrain_{net}_ucf', f'work_dirs/released/pretrain_{net}_ucf')}
    assert differences(repository, 'finetune', net) == FINETUNING | start
