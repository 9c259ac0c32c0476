"""A protocol's config changes what its name says, names its figures, and leaves the network alone."""

from pathlib import Path

import pytest

from cmvl_mm.datasets.stages import by_name, stage_of
from cmvl_mm.engine.config import load_config

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
# where a protocol may differ from the config that it is made of
RETRIEVAL = {
    'linear': {'test_evaluator'},
    'knn': {'test_evaluator'},
    'retrieval_coclr': {
        'test_evaluator.protocol',
        'test_dataloader.batch_size',
        'test_dataloader.dataset.pipeline.sample',
    },
    'retrieval_vcop': {'test_evaluator.protocol', 'model.test_cfg.pool'},
}
FEW_LABEL = {
    'train_dataloader.dataset.label_share',
    'train_dataloader.dataset.label_seed',
    'param_scheduler',
    'train_cfg.max_epochs',
    'default_hooks.checkpoint.interval',
    'test_evaluator.prefix',
}


def flat(node, prefix=''):
    if not isinstance(node, dict):
        return {prefix: node}
    return {path: value for key, child in node.items() for path, value in flat(child, f'{prefix}.{key}').items()}


def changes(child, parent) -> set[str]:
    one, other = (flat(by_name(load_config(CONFIGS / f'{name}.py').to_dict())) for name in (child, parent))
    return {path[1:] for path in one.keys() | other.keys() if one.get(path, '') != other.get(path, '')}


@pytest.mark.parametrize('name', RETRIEVAL)
def test_protocols_of_frozen_features_change_only_what_they_say(name):
    changed = changes(f'protocols/{name}_c3d_ucf', 'retrieval_c3d_ucf')
    assert changed
    assert all(any(path.startswith(allowed) for allowed in RETRIEVAL[name]) for path in changed), changed


def test_metric_and_features_go_together():
    """The printed name is the metric's; the clips and the pooling that it promises are other parts'."""
    for name, pool, place in (
        ('protocols/retrieval_vcop_c3d_ucf', 'max_2x2', 'bin_centres'),
        ('protocols/retrieval_coclr_c3d_ucf', 'average', 'sliding'),
        ('retrieval_c3d_ucf', 'average', 'bin_centres'),
    ):
        config = load_config(CONFIGS / f'{name}.py')
        assert config.test_evaluator.protocol == (name.split('_')[1] if 'protocols' in name else 'paper')
        assert config.model.test_cfg.get('pool', 'average') == pool
        assert stage_of(config.test_dataloader.dataset.pipeline, 'sample').place == place
        assert config.test_dataloader.batch_size == (1 if place == 'sliding' else 2)


@pytest.mark.parametrize('percent', [1, 5, 10, 20])
def test_few_label_finetuning_differs_in_list_length_and_name(percent):
    name = f'protocols/few_label_{percent}_c3d_ucf'
    config = load_config(CONFIGS / f'{name}.py')
    changed = changes(name, 'finetune_c3d_ucf')
    assert all(any(path.startswith(allowed) for allowed in FEW_LABEL) for path in changed), changed
    assert config.train_dataloader.dataset.label_share == percent / 100
    assert config.test_evaluator.prefix == f'few_label_{percent}'
    assert 'label_share' not in config.test_dataloader.dataset
    warm_up, cosine = config.param_scheduler
    epochs = config.train_cfg.max_epochs
    assert warm_up.end - 1 == cosine.begin == epochs // 12  # 10 of 120, as finetuning on the whole list
    assert (cosine.end, cosine.T_max) == (epochs, epochs - cosine.begin)
    assert epochs % config.default_hooks.checkpoint.interval == 0  # else the last epoch would not be saved
    assert 0.85 < epochs / (120 * (percent / 100) ** -0.5) < 1.01
