"""A key that nothing reads is an error, in a file and on the command line."""

import re

import pytest
from mmengine.config import Config

from cmvl_mm.datasets.stages import StageError, by_name
from cmvl_mm.engine.config import ConfigKeyError, load_config, merge_options
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
    assert [stage.type for stage in pipeline] == [
        'SamplePretraining', 'ReadCompressed', 'RandomCropFlip', 'AugmentColour', 'PackSample'
    ]  # fmt: skip
    assert pipeline[2].size == 40


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
    assert str(default_work_dir('demo/pretrain')) == 'work_dirs/demo/pretrain'
    assert str(default_work_dir('demo/pretrain.py', 2)) == 'work_dirs/demo/pretrain_split2'


TRAIN = 'train_dataloader.dataset.pipeline'


def stages_of(config, loader='train_dataloader'):
    return config[loader].dataset.pipeline


@pytest.mark.parametrize(
    'option',
    [
        {f'{TRAIN}.crop.size': 40},
        {f'{TRAIN}.RandomCropFlip.size': 40},
        {f'{TRAIN}.2.size': 40},  # as in MMEngine
        {f'{TRAIN}.crop': dict(size=40)},
        {f'{TRAIN}': dict(crop=dict(size=40))},
        {'train_dataloader.dataset': dict(pipeline=dict(crop=dict(size=40)))},
        {'train_dataloader': dict(dataset=dict(pipeline={'2': dict(size=40)}))},
    ],
)
def test_an_option_names_a_stage_by_role_type_or_number(repository, option):
    plain, before = load_config(repository / PRETRAIN), dict(option)
    config = load_config(repository / PRETRAIN, option)
    assert option == before
    (changed,) = [number for number in range(5) if stages_of(config)[number] != stages_of(plain)[number]]
    assert stages_of(config)[changed] == dict(stages_of(plain)[2], size=40)
    stages_of(config)[2].size = 41  # attributes, as everywhere in a config
    rest = [{key: value for key, value in found.items() if key != 'train_dataloader'} for found in (config, plain)]
    assert rest[0] == rest[1]


def test_options_reach_other_loaders_nested_data_sets_and_stock_pipelines():
    stock = [dict(type='DecordInit'), dict(type='Flip', flip_ratio=0.5)]
    ours = dict(type='CompressedVideoDataset', pipeline=[dict(type='CentreCrop', size=48)])
    both = dict(type='ConcatDataset', datasets=[dict(type='VideoDataset', pipeline=stock), ours])
    config = Config(dict(val_dataloader=dict(dataset=both), test_pipeline=stock))
    merge_options(
        config,
        {
            'val_dataloader.dataset.datasets.1.pipeline.crop.size': 40,
            'val_dataloader.dataset.datasets.0.pipeline.Flip.flip_ratio': 0.0,
            'test_pipeline.Flip': dict(_delete_=True, type='Resize', scale=(40, 40)),
            'test_dataloader': dict(dataset=dict(pipeline=stock)),
        },
    )
    one, other = config.val_dataloader.dataset.datasets
    assert (one.pipeline[1].flip_ratio, other.pipeline[0].size) == (0.0, 40)
    assert config.test_pipeline == [stock[0], dict(type='Resize', scale=(40, 40))]
    assert config.test_dataloader.dataset.pipeline == stock
    merge_options(config, {'test_pipeline': stock[:1], 'val_dataloader.dataset': dict(_delete_=True, type='Other')})
    assert (config.test_pipeline, config.val_dataloader.dataset) == (stock[:1], dict(type='Other'))


@pytest.mark.parametrize(
    ('option', 'said'),
    [
        ({f'{TRAIN}.corp.size': 40}, rf"^{TRAIN}: no stage is called 'corp'.*2 crop/RandomCropFlip, 3 colour/Augment"),
        ({f'{TRAIN}.5.size': 40}, rf"^{TRAIN}: no stage is called '5'"),
        ({f'{TRAIN}.colour': None}, rf'^{TRAIN}: colour=None must be a dict of arguments'),
    ],
)
def test_a_misspelt_stage_is_refused_with_the_names_there_are(repository, option, said):
    with pytest.raises(ConfigKeyError) as error:
        load_config(repository / PRETRAIN, option)
    assert re.search(said, str(error.value))


def test_a_config_of_an_earlier_version_is_refused_with_the_list_to_write(repository, tmp_path):
    """Whole as a run has dumped it, and as a child that gives a dict where its base has a list."""
    path = tmp_path / 'earlier.py'
    Config(by_name(load_config(repository / PRETRAIN).to_dict())).dump(path)
    with pytest.raises(
        ConfigKeyError, match=rf'earlier\.py: {TRAIN}: .*not a dict of colour, .*pipeline=\[dict\(type='
    ):
        load_config(path)
    change = 'train_dataloader = dict(dataset=dict(pipeline=dict(crop=dict(size=40))))\n'
    path.write_text(f"_base_ = '{repository / PRETRAIN}'\n{change}")
    with pytest.raises(
        ConfigKeyError, match=r'earlier\.py: .*from cmvl_mm\.datasets\.stages import change.*=change\(_base'
    ):
        load_config(path)


def test_a_child_config_changes_a_stage_whoever_loads_it(repository, tmp_path):
    """Through several bases and a child of a child; nothing of the mechanism is left in the result."""
    models, data = (
        repository / f'configs/_base_/{name}.py' for name in ('models/demo_pretrain', 'datasets/demo_pretrain')
    )
    change = 'from cmvl_mm.datasets.stages import change\n\ntrain_dataloader = dict(dataset=dict(pipeline=change('
    change += '_base_.train_dataloader.dataset.pipeline, {})))\n'
    (tmp_path / 'one.py').write_text(f"_base_ = ['{models}', '{data}']\n{change.format('crop=dict(size=40)')}")
    (tmp_path / 'two.py').write_text(
        f"_base_ = './one.py'\n{change.format('PackSample=dict(_delete_=True, type=str)')}"
    )
    plain, config = Config.fromfile(data), Config.fromfile(tmp_path / 'two.py')
    assert stages_of(config)[:4] == [*stages_of(plain)[:2], dict(stages_of(plain)[2], size=40), stages_of(plain)[3]]
    assert stages_of(config)[4] == dict(type=str)
    assert config.keys() == plain.keys() | {'model'}
    assert not re.search('change|_scope_|stages', Config.fromfile(tmp_path / 'one.py').dump())
    (tmp_path / 'wrong.py').write_text(f"_base_ = './one.py'\n{change.format('corp=dict(size=40)')}")
    with pytest.raises(StageError, match="no stage is called 'corp'"):
        Config.fromfile(tmp_path / 'wrong.py')
    (tmp_path / 'both.py').write_text(f"_base_ = ['./one.py', '{data}']\n")
    with pytest.raises(KeyError, match='Duplicate key is not allowed among bases'):  # two bases never share a pipeline
        Config.fromfile(tmp_path / 'both.py')


def test_a_module_that_cannot_be_imported_is_named_with_the_reason_and_the_remedy(tmp_path):
    (tmp_path / 'mine.py').write_text("custom_imports = dict(imports=['no_such_method'], allow_failed_imports=False)\n")
    with pytest.raises(ImportError, match=r"mine\.py: .*named 'no_such_method'\. Remedy: .*PYTHONPATH=FOLDER"):
        load_config(tmp_path / 'mine.py')
