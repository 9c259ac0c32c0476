"""Numbers are published only with the settings that made them, and only where the published weights can repeat them."""

import json

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.stages import by_name
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.fast_step import spell_out
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.publishing.provenance import commit_of_training, read_tested, require_trained
from cmvl_mm.publishing.settings import PublishError, options_of

COMMIT = '0123456789' * 4


@pytest.fixture
def train(repository, tmp_path):
    """`train(*options)`: what a training of the suite leaves; `train.check(*options)` of such a publication."""
    progress = repository / 'configs/evidence/progress.py'

    def run(*options, folder='20260101_000000', config=progress, earlier=False):
        ran, left = load_config(config, options_of(options)), tmp_path / 'run' / folder / 'vis_data'
        spell_out(ran, 'cpu')
        ran = Config(by_name(ran.to_dict())) if earlier else ran
        left.mkdir(parents=True)
        ran.dump(left / 'config.py')
        (left / 'scalars.json').write_text('{"step": 1, "loss": 1.0}\n')

    def check(*options, config=progress):
        require_trained(tmp_path / 'run', config_file=config, options=options)

    run.check = check
    return run


@pytest.mark.parametrize(
    ('options', 'named'),
    [
        (
            ['model.context_head.loss_weight=0.25', 'model.motion_head.loss_weight=0.75'],
            ['model.context_head.loss_weight: 0.25 and 0.5', 'model.motion_head.loss_weight: 0.75 and', 'Remedy'],
        ),
        (['train_dataloader.dataset.ann_file=elsewhere.txt'], ['train_dataloader.dataset.ann_file']),
        (['train_dataloader.batch_size=8'], ['train_dataloader.batch_size: 8 and 16']),
        (['optim_wrapper.optimizer.lr=0.1'], ['optim_wrapper.optimizer.lr']),
        (['param_scheduler.0.begin=3'], ['param_scheduler.0.begin: 3 and 15']),
        (['train_cfg.max_epochs=3'], ['train_cfg.max_epochs']),
        (['auto_scale_lr.enable=False'], ['auto_scale_lr.enable']),
        (['load_from=other.pth'], ["load_from: 'other.pth' and None"]),
        (['model.init_cfg.type=PretrainedBackbone'], ['model.init_cfg']),
    ],
)
def test_the_options_of_the_training_pass_and_others_are_refused_by_name(train, options, named):
    train(*options)
    train.check(*options)
    with pytest.raises(PublishError) as error:
        train.check()
    assert [part for part in named if part not in str(error.value)] == []


def test_the_machine_and_where_a_run_went_on_do_not_count(train):
    train(
        'train_dataloader.num_workers=0', 'train_dataloader.pin_memory=True',
        'train_dataloader.persistent_workers=False', 'work_dir=elsewhere', 'randomness.seed=7',
        'default_hooks.logger.interval=1',
    )  # fmt: skip
    train('resume=True', 'load_from=epoch_3.pth', folder='20260102_000000')
    train.check()


@pytest.mark.parametrize('name', ['evidence/progress', 'pretrain_c3d_ucf'])
def test_a_training_of_a_version_with_dicts_of_stages_is_compared_by_their_names(train, repository, name):
    config = repository / f'configs/{name}.py'
    train('train_dataloader.dataset.pipeline.crop.size=40', config=config, earlier=True)
    train.check('train_dataloader.dataset.pipeline.crop.size=40', config=config)
    with pytest.raises(PublishError, match=r'train_dataloader\.dataset\.pipeline\.crop\.size: 40 and '):
        train.check(config=config)


@pytest.mark.parametrize(
    ('runtime', 'commit'),
    [
        (dict(commit=COMMIT, mmengine_version=f'0.10.7{COMMIT[::-1]}'), COMMIT),
        (dict(commit=f'{COMMIT}+changes'), f'{COMMIT}+changes'),
        (dict(mmengine_version=f'0.10.7{COMMIT}'), COMMIT),  # of runs before `commit` was recorded
        (dict(mmengine_version='0.10.7unknown'), None),
        ({}, None),
    ],
)
def test_the_commit_is_that_of_the_training(runtime, commit):
    assert commit_of_training(dict(message_hub=dict(runtime_info=runtime))) == commit
    assert commit_of_training({}) is None


@pytest.fixture
def tested(repository, tmp_path):
    """`tested(name, keep)`: what a test with configs/evidence/NAME.py leaves, and how it would be published."""

    def publish(name, keep, whole_config='progress'):
        configs, run = repository / 'configs/evidence', tmp_path / 'test' / '1'
        weights = MODELS.build(load_config(configs / f'{whole_config}.py').model).state_dict()
        checkpoint = tmp_path / 'epoch_1.pth'
        torch.save(weights, checkpoint)
        (run / 'vis_data').mkdir(parents=True, exist_ok=True)
        (run / '1.log').write_text(f'Load checkpoint from {checkpoint}\n')
        (run / '1.json').write_text(json.dumps({'retrieval_paper/R@1': 12.5, 'time': 1.0}))
        load_config(configs / f'{name}.py').dump(run / 'vis_data' / 'config.py')
        return read_tested(
            tmp_path / 'test', config_file=configs / f'{name}.py', config=f'evidence/{name}.py', options=(),
            protocol='paper', sha256=sha256_of(checkpoint),
            weights={key: value for key, value in weights.items() if key.startswith(keep)},
        )  # fmt: skip

    return publish


def test_what_is_published_must_be_what_the_test_loads(tested):
    assert tested('retrieval', 'backbone.').metrics == {'retrieval_paper/R@1': 12.5}
    for name in ('i_network', 'm_network'):
        with pytest.raises(
            PublishError, match=r'not repeat the test: .*keys are missing: context_head.*Remedy: pass --whole'
        ):
            tested(name, 'backbone.')
        assert tested(name, '').metrics == {'retrieval_paper/R@1': 12.5}
    with pytest.raises(PublishError, match=r'keys are missing: cls_head.*Remedy: pass --whole'):
        tested('scratch', 'backbone.', whole_config='scratch')
