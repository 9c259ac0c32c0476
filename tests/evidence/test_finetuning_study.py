"""What the variants do to batch norms."""

import few_labels
import finetuning_study
import pytest
import rows
import store
import torch
from few_labels import BATCH
from finetuning_study import FrozenNormsHook, recalibrate, variant_config

from cmvl_mm.datasets.annotation import read_list
from cmvl_mm.engine.launch import runner_from


@pytest.fixture
def small_study(controlled_set, tmp_path, monkeypatch):
    """Two steps of finetuning on the small controlled set."""
    for module in (few_labels, rows, store):
        monkeypatch.setattr(module, 'WORK', tmp_path / 'evidence')
    monkeypatch.setitem(few_labels.STEPS, 'motion', 2)
    monkeypatch.setattr(finetuning_study, 'SHOTS', 1)
    monkeypatch.setattr(finetuning_study, 'tuned_rate', lambda start, kind: 0.001)
    folder = tmp_path / 'evidence/basic/annotations'
    folder.mkdir(parents=True)
    for split, name in (('train', 'train'), ('val', 'test')):
        (folder / f'{split}_motion.txt').write_text((controlled_set / f'{name}.txt').read_text())

    def runner(variant):
        config = variant_config(variant, 'scratch', 'motion', seed=0)
        for loader in (config.train_dataloader, config.test_dataloader):
            loader.dataset.data_prefix.video = str(controlled_set)
        return runner_from(config)

    return runner


def norms(runner):
    parts = runner.model.backbone.modules()
    return [part for part in parts if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]


def still(norm):
    return torch.equal(norm.running_mean, torch.zeros_like(norm.running_mean))


def test_frozen_norms_keep_their_statistics(small_study):
    for variant, frozen in (('as tuned', False), ('frozen batch norms', True)):  # MMEngine tells runs apart by name
        runner = small_study(variant)
        if frozen:
            runner.register_hook(FrozenNormsHook())
        runner.train()
        assert {still(norm) for norm in norms(runner)} == {frozen}
        assert {int(norm.num_batches_tracked) for norm in norms(runner)} == {0 if frozen else 2}


def test_recalibration_averages_over_all_videos(small_study):
    runner = small_study('recalibrated batch norms')
    runner.train()
    recalibrate(runner, 'motion')
    videos = read_list(few_labels.annotations('basic', 'train', 'motion'), 'required')
    assert {int(norm.num_batches_tracked) for norm in norms(runner)} == {-(-len(videos) // BATCH)}
    assert not any(still(norm) for norm in norms(runner))
    assert {norm.momentum for norm in norms(runner)} == {0.1}
