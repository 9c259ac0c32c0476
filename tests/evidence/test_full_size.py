"""The full-size trial is the paper's recipe on other videos for other epochs, and nothing else."""

import full_size
import pytest
from mmengine.config import DictAction
from rows import REPOSITORY

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config


def flat(node, path=''):
    if not isinstance(node, (dict, list)) or not node:
        return {path: node}
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    return {key: value for name, child in pairs for key, value in flat(child, f'{path}.{name}').items()}


@pytest.mark.parametrize('net', full_size.NETS)
def test_only_videos_batch_and_epochs_differ(net):
    words = full_size.options_of_training(epochs=60, batch=16, share=0.5)
    options = {key: DictAction._parse_iterable(value) for key, value in (word.split('=', 1) for word in words)}
    path = REPOSITORY / f'configs/pretrain_{net}_ucf.py'
    plain, mine = flat(load_config(path).to_dict()), flat(load_config(path, options).to_dict())
    assert {key for key in mine | plain if mine.get(key) != plain.get(key)} == {
        '.train_dataloader.dataset.ann_file', '.train_dataloader.dataset.data_prefix.video',
        '.train_dataloader.dataset.label_share', '.train_cfg.max_epochs', '.default_hooks.logger.interval',
        '.default_hooks.checkpoint.interval',
        '.param_scheduler.0.end', '.param_scheduler.1.begin', '.param_scheduler.1.end', '.param_scheduler.1.T_max',
    }  # fmt: skip
    assert mine['.param_scheduler.0.end'] == mine['.param_scheduler.1.begin'] == 2  # 5 of 120 epochs, in 60
    assert mine['.train_dataloader.batch_size'] == 16
