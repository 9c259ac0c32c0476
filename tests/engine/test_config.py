"""A key that nothing reads is an error, in a file and on the command line."""

import pytest

from cmvl_mm.engine.config import ConfigKeyError, load_config
from cmvl_mm.engine.launch import default_work_dir

PRETRAIN = 'configs/demo/pretrain.py'


@pytest.mark.parametrize(
    ('option', 'named'),
    [
        ({'trian_dataloader.batch_size': 3}, 'trian_dataloader'),
        ({'auto_scale_lr.enabled': True}, 'auto_scale_lr.enabled'),
        ({'default_hooks.checkpoint.intervall': 3}, 'default_hooks.checkpoint.intervall'),
        ({'default_hooks.checkpiont.interval': 3}, 'default_hooks.checkpiont'),
        ({'env_cfg.cudnn_bench': True}, 'env_cfg.cudnn_bench'),
        ({'seed': 3}, 'seed'),
    ],
)
def test_misspelt_options_are_refused_by_name(repository, option, named):
    with pytest.raises(ConfigKeyError, match=f'nothing reads {named}\\.'):
        load_config(repository / PRETRAIN, option)


def test_misspelt_keys_of_a_file_are_refused(repository, tmp_path):
    path = tmp_path / 'child.py'
    path.write_text(f"_base_ = ['{repository / PRETRAIN}']\ntrain_pipeline = []\n")
    with pytest.raises(ConfigKeyError, match='train_pipeline'):
        load_config(path)


@pytest.mark.parametrize(
    'option',
    [
        {'default_hooks.sync_buffers': dict(type='SyncBuffersHook')},
        {'default_hooks.checkpoint': dict(_delete_=True, type='CheckpointHook', save_best='auto')},
        {'compile': True},
        {'test_pipeline': [dict(type='DecordInit')]},
    ],
)
def test_keys_that_mmengine_and_mmaction2_read_are_taken(repository, option):
    load_config(repository / PRETRAIN, option)


def test_good_options_arrive(repository):
    config = load_config(repository / PRETRAIN, {'train_dataloader.dataset.pipeline.crop.size': 40})
    pipeline = config.train_dataloader.dataset.pipeline
    assert pipeline.crop.size == 40
    assert list(pipeline) == ['sample', 'read', 'crop', 'colour', 'pack']


@pytest.mark.parametrize('name', ['config.yaml', 'config.json', 'config.txt'])
def test_configs_are_python_files(tmp_path, name):
    (tmp_path / name).write_text('{}')
    with pytest.raises(ValueError, match='Python file'):
        load_config(tmp_path / name)


def test_missing_config_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such config'):
        load_config(tmp_path / 'none.py')


def test_work_dir_follows_the_config_s_place():
    assert str(default_work_dir('configs/demo/pretrain.py')) == 'work_dirs/demo/pretrain'
    assert str(default_work_dir('/a/b/configs/pretrain_c3d_ucf.py')) == 'work_dirs/pretrain_c3d_ucf'
    assert str(default_work_dir('mine.py')) == 'work_dirs/mine'
