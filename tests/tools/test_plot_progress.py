"""A run that validates after some epochs, and what plot_progress.py makes of its log (Tables 3 and 7)."""

import pytest

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.logs import epoch_mean, read_curves, read_validations
from cmvl_mm.engine.runner import CompressedRunner


@pytest.fixture(scope='module')
def trained(repository, controlled_set, tmp_path_factory):
    config = load_config(repository / 'configs/demo/table7.py')
    local = dict(video=str(controlled_set))
    searched = dict(gallery=f'{controlled_set}/train.txt', query=f'{controlled_set}/test.txt', data_prefix=local)
    config.merge_from_dict(
        {
            'work_dir': str(tmp_path_factory.mktemp('table7')),
            'train_dataloader': dict(batch_size=4, num_workers=0),
            'train_dataloader.dataset': dict(ann_file=f'{controlled_set}/train.txt', data_prefix=local),
            'val_dataloader': dict(num_workers=0, dataset=searched),
            'test_dataloader': dict(num_workers=0, dataset=searched),
            'model.backbone.width': 4,
            'model.context_head.in_channels': 32,
            'model.context_head.i_network.width': 4,
            'model.motion_head.predictor.in_channels': 32,
            'model.motion_head.m_network.width': 4,
            'train_cfg': dict(max_epochs=4, val_epochs=(1, 3)),
            'param_scheduler': [dict(type='ConstantLR', factor=1.0, begin=0, end=4)],
            'default_hooks.logger.interval': 1,
        }
    )
    CompressedRunner.from_cfg(config).train()
    return config.work_dir


def test_validations_of_the_named_epochs_and_means_of_their_batches(trained):
    found = read_validations(trained)
    assert list(found) == [1, 3, 4]
    assert all(0 <= row['retrieval_paper/R@1'] <= row['retrieval_paper/R@50'] <= 100 for row in found.values())
    rows = read_curves(trained)
    assert len(rows) == 8
    assert epoch_mean(rows, 'acc_context', 3) == pytest.approx((rows[4]['acc_context'] + rows[5]['acc_context']) / 2)
    with pytest.raises(KeyError, match="epoch 9 has no training row with 'acc_context'"):
        epoch_mean(rows, 'acc_context', 9)


def test_prints_one_row_an_epoch_and_draws_them(trained, tool, start, capsys):
    start(tool('plot_progress'), trained)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][:3] == ['epoch', 'acc_context', 'acc_motion']
    table = {line[0]: line for line in lines if line[0] in '134'}
    assert set(table) == {'1', '3', '4'}
    assert table['3'][1] == f'{100 * epoch_mean(read_curves(trained), "acc_context", 3):.1f}'
    assert table['4'][3] == f'{read_validations(trained)[4]["retrieval_paper/R@1"]:.1f}'
    assert lines[-1][0].endswith('progress.png')


def test_a_run_without_validation_says_so(tool, tmp_path):
    with pytest.raises(ValueError, match=r'train_cfg\.val_epochs'):
        tool('plot_progress').progress(tmp_path)
