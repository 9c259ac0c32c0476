"""The cheap pretrainings change motion maps and M-Network alone; finetuning and retrieval take their weights."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from shrunk import REPOSITORY, shrink
from test_configs import declaration, flat

from cmvl_mm.engine.config import load_config

NETS = ('c3d', 'r3d26', 'r2plus1d26')
EVERY_NET = pytest.mark.parametrize('net', NETS)
M_NETWORK = 'model.motion_head.m_network'
DECLARED = {
    'model.data_preprocessor.motion_size': 28,
    f'{M_NETWORK}.stem_kernel': (3, 3, 3),
    f'{M_NETWORK}.stem_stride': (1, 2, 2),
    f'{M_NETWORK}.stem_pool': 'none',
    f'{M_NETWORK}.stage_strides': ((1, 1, 1), (2, 2, 2), (2, 1, 1), (2, 1, 1)),
}
"""That the other keys are the main recipe's, test_configs.py asserts of every config that declares its changes."""


def config_of(name: str) -> Config:
    return load_config(REPOSITORY / f'configs/{name}.py')


@EVERY_NET
def test_the_three_recipes_change_the_same_keys_of_the_main_recipe(net):
    base, declared = declaration(f'configs/fast/pretrain_{net}_ucf.py')
    assert base.resolve() == REPOSITORY / f'configs/pretrain_{net}_ucf.py'
    assert set(declared) == set(DECLARED)
    assert flat(config_of(f'fast/pretrain_{net}_ucf').to_dict()).items() >= DECLARED.items()


def test_motion_keeps_every_block_of_the_largest_crop_and_the_shape_that_is_predicted():
    """A crop of a whole 340x256 picture has 16 blocks of 16 px along its shorter edge; the predictor asks for 7x7."""
    config = config_of('fast/pretrain_r3d26_ucf')
    size = config.model.data_preprocessor.motion_size
    assert size >= 256 / config.train_dataloader.dataset.block
    with torch.device('meta'):
        network = MODELS.build(config.model.motion_head.m_network)
        assert network(torch.zeros(2, 2, 8, size, size)).shape == (
            2,
            512,
            *config.model.motion_head.predictor.query_size,
        )


@EVERY_NET
@pytest.mark.parametrize('task', ['finetune', 'retrieval'])
def test_finetuning_and_retrieval_take_the_weights_as_they_are(net, task, tmp_path):
    pretrained = MODELS.build(shrink(config_of(f'fast/pretrain_{net}_ucf')).model)
    torch.save({'state_dict': pretrained.state_dict(), 'meta': {}}, tmp_path / 'epoch_120.pth')
    config = shrink(config_of(f'{task}_{net}_ucf'))
    config.model.init_cfg = dict(type='PretrainedBackbone', checkpoint=str(tmp_path / 'epoch_120.pth'))
    model = MODELS.build(config.model)
    model.init_weights()
    given, taken = pretrained.backbone.state_dict(), model.backbone.state_dict()
    assert given.keys() == taken.keys()
    assert all(torch.equal(value, taken[name]) for name, value in given.items())
