"""Keys that stock tools read are taken, variables of a config's own pass, and misspelt keys do not."""

from pathlib import Path

import mmaction
import pytest
from mmengine.config import Config

from cmvl_mm.engine.config import ConfigKeyError, load_config
from cmvl_mm.engine.config_keys import faults_of_keys, unused_variables
from cmvl_mm.engine.runner import CompressedRunner

DEMO = 'configs/demo/finetune.py'


@pytest.mark.parametrize(
    'option',
    [
        {'default_hooks.sync_buffers': dict(type='SyncBuffersHook')},
        {'default_hooks.visualization': dict(type='VisualizationHook')},
        {'default_hooks.mine': dict(type='EmptyCacheHook')},
        {'default_hooks.timer': None},
        {
            'default_hooks.checkpoint': dict(
                _delete_=True, type='CheckpointHook', save_best='auto', published_keys='meta'
            )
        },
        {'compile': dict(backend='eager')},
        {'test_pipeline': [dict(type='DecordInit')]},
        {'tta_pipeline': [], 'tta_model': dict(type='ActionTTA')},
        {'runner_type': 'Runner'},
        {'activation_checkpointing': ['backbone'], 'efficient_conv_bn_eval': ['backbone']},
        {'env_cfg.resource_limit': 4096},
    ],
)
def test_keys_that_are_read_are_taken(repository, option):
    load_config(repository / DEMO, option)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (
            "optim_wraper = dict(type='OptimWrapper')",
            'nothing reads optim_wraper. Remedy: use optim_wrapper; or _optim_wraper',
        ),
        ('resum = True', 'nothing reads resum. Remedy: use resume;'),
        ('train_pipeline = []', 'nothing reads train_pipeline: no data set has this pipeline'),
        ("val_pipeline = [dict(type='DecordInit')]", 'nothing reads val_pipeline: no data set has this pipeline'),
        ('total_epochs = 30', 'nothing reads total_epochs, a key of MMAction2 0.x. Remedy: use train_cfg.max_epochs'),
        ('seed = 3', 'Remedy: use randomness.seed; or _seed for a variable of your own.'),
        ('seed = 3\nrandomness = dict(seed=seed)', 'or _seed for a variable of your own.'),
        ("fast_step = 'x'", "fast_step='x' must be a dict. Allowed here: colour"),
        ('auto_scale_lr = True', 'auto_scale_lr=True must be a dict. Allowed here: base_batch_size'),
        ('default_hooks = dict(checkpiont=dict(interval=2))', 'A hook with any other name needs a type'),
        (
            "default_hooks = dict(checkpoint=dict(_delete_=True, type='CheckpointHook', intervall=2))",
            'nothing reads default_hooks.checkpoint.intervall.',
        ),
        (
            "default_hooks = dict(checkpoint=dict(save_best='auto'))",
            'AtomicCheckpointHook has no save_best, only MMEngine’s CheckpointHook.',
        ),
    ],
)
def test_misspelt_and_ineffective_keys_of_a_file_are_refused(repository, tmp_path, text, words):
    path = tmp_path / 'child.py'
    path.write_text(f"_base_ = ['{repository / DEMO}']\n{text}\n")
    with pytest.raises(ConfigKeyError) as error:
        load_config(path)
    assert words in str(error.value)


@pytest.mark.parametrize(
    'text',
    [
        "load_form = 'work_dirs/pretrain_c3d_ucf'",
        "resume_from = 'work_dirs/pretrain_c3d_ucf'",
        "work_dir = 'work_dirs/x'\nresume_from = 'work_dirs/x'",
        'evaluation = dict(interval=1)',
        'checkpoint_config = dict(interval=1)',
        'log_config = dict(interval=20)',
        'data = dict(batch_size=8)',
        "optimizer = dict(type='SGD')",
        'lr_config = dict(by_epoch=True)',
        'val_config = dict(by_epoch=True)',
    ],
)
def test_a_value_that_another_key_holds_by_chance_excuses_no_misspelt_key(repository, tmp_path, text):
    path = tmp_path / 'child.py'
    path.write_text(f"_base_ = ['{repository / 'configs/finetune_c3d_ucf.py'}']\n{text}\n")
    with pytest.raises(ConfigKeyError, match='nothing reads'):
        load_config(path)


OWN = """
dataset_type = 'CompressedVideoDataset'
data_root = 'data/mine'
file_client_args = dict(io_backend='disk')
base_lr = 0.02
num_gpus = 8
_notes = dict(anything=1)
train_pipeline = [dict(type='DecordInit', **file_client_args), dict(type='PackActionInputs')]
_prefix = dict(video=f'{data_root}/v')
train_dataloader = dict(dataset=dict(type=dataset_type, data_prefix=_prefix, pipeline=train_pipeline))
optimizer = dict(type='SGD', lr=base_lr * num_gpus)
optim_wrapper = dict(optimizer=optimizer)
"""


def test_variables_of_a_config_pass(tmp_path, caplog):
    """Whole, spread into another dict, within a text, or calculated with."""
    path = tmp_path / 'mine.py'
    path.write_text(OWN)
    load_config(path)
    assert not caplog.records


def test_a_variable_that_changes_nothing_is_named(tmp_path, caplog):
    """A base file has used the older value: a well-known trap."""
    (tmp_path / 'base.py').write_text(OWN)
    path = tmp_path / 'child.py'
    path.write_text("_base_ = ['base.py']\ndata_root = 'data/other'\nnum_gpus = 4\n")
    assert load_config(path).train_dataloader.dataset.data_prefix.video == 'data/mine/v'
    assert [record.getMessage().split(',')[0] for record in caplog.records] == [f'{path}: nothing reads data_root']


def test_on_the_command_line_a_variable_is_an_error(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(OWN)
    with pytest.raises(ConfigKeyError, match=r'nothing reads data_root\. Allowed here: .*train_dataloader'):
        load_config(path, {'data_root': 'data/other'})


@pytest.mark.slow
def test_every_config_of_mmaction2_loads():
    """Their variables are used, but for a few that were calculated with, or that their own loaders take apart."""
    folder = Path(mmaction.__path__[0]) / '.mim' / 'configs'
    paths = [path for path in sorted(folder.rglob('*.py')) if '_base_' not in path.parts]
    assert len(paths) > 150
    unused = set()
    for path in paths:
        config = Config.fromfile(path, import_custom_modules=False).to_dict()
        assert faults_of_keys(config) == [], path
        unused |= set(unused_variables(config))
    roots = {'data_root', 'data_root_val', 'ann_file_test', 'dataset_type'}
    assert unused <= roots | {'k710_trainset', 'k710_valset', 'k710_testset', 'sthv2_flip_label_map'}


@pytest.mark.slow
def test_the_remedy_for_save_best_works(repository, controlled_set, tmp_path):
    """Beside our hook, MMEngine's keeps the best; what our hook keeps and resumes from is its own."""
    loader = {'ann_file': str(controlled_set / 'train.txt'), 'data_prefix.video': str(controlled_set)}
    options = {f'{use}_dataloader.dataset.{key}': value for use in ('train', 'test') for key, value in loader.items()}
    options |= {f'{use}_dataloader.num_workers': 0 for use in ('train', 'test')}
    options |= {'train_dataloader.batch_size': 4, 'train_dataloader.persistent_workers': False}
    options |= {'model.backbone.width': 4, 'model.cls_head.in_channels': 32, 'model.cls_head.num_classes': 8}
    options |= {'model.init_cfg': None, 'train_cfg': dict(max_epochs=2, val_epochs=(1,)), 'param_scheduler': None}
    options |= {'work_dir': str(tmp_path), 'experiment_name': str(tmp_path)}
    best = dict(type='CheckpointHook', interval=-1, save_last=False, save_best='auto')
    config = load_config(repository / DEMO, options | {'default_hooks.best': best})
    config.merge_from_dict(
        dict(val_dataloader=config.test_dataloader, val_cfg=dict(), val_evaluator=config.test_evaluator)
    )
    CompressedRunner.from_cfg(config).train()
    assert len(list(tmp_path.glob('best_*.pth'))) == 1
    assert sorted(path.name for path in tmp_path.glob('epoch_*.pth')) == ['epoch_1.pth', 'epoch_2.pth']
    assert (tmp_path / 'last_checkpoint').read_text().endswith('epoch_2.pth')
