"""A value that cannot be meant is named before anything is built."""

import pytest
from mmengine.config import Config

from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.config_values import _VALUES, ConfigValueError, check_values


@pytest.mark.parametrize(
    ('name', 'values'),
    [
        ('train_dataloader.batch_size', (0, -1, 1.5, 'x', True)),
        ('test_dataloader.num_workers', (-1, 'x')),
        ('train_cfg.max_epochs', (0, 1.5, 'x')),
        ('auto_scale_lr.base_batch_size', (0,)),
        ('default_hooks.logger.interval', (0,)),
        ('model.cls_head.num_classes', (0, 2.5, 'x')),
        ('optim_wrapper.optimizer.lr', (0, -0.1, 'x', float('nan'))),
        ('randomness.seed', (-1, 2**32, 'x')),
        ('env_cfg.dist_cfg.timeout', (0, -1, '30')),
        ('log_level', ('NOISY',)),
    ],
)
def test_wrong_values_are_named(name, values):
    for value in values:
        config = Config({})
        config.merge_from_dict({name: value})
        with pytest.raises(ConfigValueError, match=rf'^{name}={value!r} must be .*Remedy: pass --cfg-options {name}='):
            check_values(config)


def test_a_trial_shorter_than_its_warm_up_is_told_what_to_change():
    config = Config(
        dict(param_scheduler=[dict(type='LinearLR', end=5), dict(type='CosineAnnealingLR', begin=5, end=2)])
    )
    with pytest.raises(ConfigValueError, match=r'param_scheduler\.1 begins at 5 and ends at 2.*end=6 or more'):
        check_values(config)


def test_the_shipped_configs_pass_and_have_what_is_looked_at(repository):
    seen = set()
    for path in sorted((repository / 'configs').rglob('*.py')):
        if '_base_' in path.parts:
            continue
        config = load_config(path)
        check_values(config)
        flat = config.to_dict()
        for name in _VALUES:
            node = flat
            for part in name.split('.'):
                node = node.get(part) if isinstance(node, dict) else None
            seen |= {name} if node is not None else set()
    assert _VALUES.keys() - seen <= {'val_dataloader.batch_size', 'val_dataloader.num_workers'}
