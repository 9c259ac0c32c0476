"""A classifier takes the network of the weights that it starts from."""

from cmvl_mm.engine.config import load_config
from cmvl_mm.workflows.adopt import config_of, take_network

WEIGHTS = 'evidence_both_basic'


def test_the_network_of_the_zoo_comes_with_its_clips_and_crop():
    trained, config = config_of(WEIGHTS), load_config('own/finetune')
    assert trained is not None
    said = take_network(config, trained)
    assert config.model.backbone == trained.model.backbone != load_config('own/finetune').model.backbone
    assert config.model.cls_head.in_channels == 128
    sizes = {}
    for use in ('train', 'test'):
        stages = {stage.type: stage for stage in config[f'{use}_dataloader'].dataset.pipeline}
        assert stages['SampleClips'].frame_interval == 2
        sizes[use] = next(stage.size for stage in stages.values() if 'size' in stage)
    crop = next(stage for stage in trained.train_dataloader.dataset.pipeline if 'size' in stage)
    assert set(sizes.values()) == {crop['size']} != {80}
    assert said is not None
    assert f'crop.size={crop["size"]}' in said


def test_the_same_network_changes_nothing(tmp_path):
    config = load_config('own/finetune')
    assert take_network(config, load_config('own/pretrain')) is None
    assert config.to_dict() == load_config('own/finetune').to_dict()
    (tmp_path / 'weights.pth').touch()
    assert config_of(str(tmp_path / 'weights.pth')) is None
    load_config('own/pretrain').dump(tmp_path / 'config.py')
    kept = config_of(str(tmp_path))
    assert kept is not None
    assert kept.model.backbone == config.model.backbone


def test_of_a_stage_of_ones_own_the_crop_alone_is_taken():
    trained, config = config_of(WEIGHTS), load_config('own/finetune')
    assert trained is not None
    trained.train_dataloader.dataset.pipeline[0] = dict(type='SampleArrow')
    said = take_network(config, trained)
    assert said is not None
    assert said.endswith('with its clips and crop: crop.size=48.')
    before = load_config('own/finetune').train_dataloader.dataset.pipeline
    assert config.train_dataloader.dataset.pipeline[0] == before[0]
