"""Every config of the suite has its row, and what a row overrides exists."""

import pytest
from mmengine.config import DictAction
from rows import BY_NAME, CANDIDATES, CONFIGS, FEW_LABEL_STARTS, KINDS, ROWS, options_of_test, options_of_training
from settings import ALPHAS

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config


def options(words):
    return {key: DictAction._parse_iterable(value) for key, value in (word.split('=', 1) for word in words)}


def test_configs_rows_and_levels_are_the_same_and_only_the_evidence_reads_the_test_split():
    named = {row.train for row in ROWS} | {row.test for row in ROWS} | {'finetune'}  # that one is few_labels.py's
    assert {path.stem for path in CONFIGS.glob('*.py')} == named - {None}
    assert len(BY_NAME) == len(ROWS)
    assert {*FEW_LABEL_STARTS, *CANDIDATES, *ALPHAS.values()} <= BY_NAME.keys()
    assert {row.of for row in ROWS} - {None} <= BY_NAME.keys()
    assert {row.level for row in ROWS} == KINDS.keys()
    for path in CONFIGS.glob('*.py'):
        assert 'test_joint' not in str(load_config(path)), path


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.name)
def test_options_fit_and_everything_is_read_from_the_rows_own_level(row):
    configs = [load_config(CONFIGS / f'{row.test}.py', options(options_of_test(row, 'test')))]
    assert '_test.py' not in str(configs)
    if row.train is not None:
        configs.append(load_config(CONFIGS / f'{row.train}.py', options(options_of_training(row, 0))))
    for config in configs:
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            if loader not in config or (loader == 'test_dataloader' and config is not configs[0]):
                continue
            dataset = config[loader].dataset
            assert dataset.data_prefix.video == f'work_dirs/evidence/{row.level}'
            for key in ('ann_file', 'gallery', 'query'):
                if key in dataset:
                    assert dataset[key].startswith(f'work_dirs/evidence/{row.level}/annotations/')
    dataset = configs[0].test_dataloader.dataset
    assert dataset.get('query', dataset.get('ann_file')).endswith('test_joint.txt')


@pytest.mark.parametrize('alpha', ALPHAS)
def test_alphas_are_the_weights_of_their_rows(alpha):
    model = load_config(CONFIGS / f'{BY_NAME[ALPHAS[alpha]].train}.py').model
    assert (model.context_head.loss_weight, model.motion_head.loss_weight) == pytest.approx((1 - alpha, alpha))
