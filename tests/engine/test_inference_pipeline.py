"""What MMAction2's inference reads a file by is what the test reads its videos by."""

import logging

import pytest
from mmengine.config import Config

from cmvl_mm.engine.config import load_config, merge_options

FINETUNE = 'configs/demo/finetune.py'


@pytest.mark.parametrize(
    'options', [{'test_dataloader.dataset.pipeline.crop.size': 40}, {'test_dataloader': dict(batch_size=1)}, {}]
)
def test_an_option_of_the_test_reaches_both(repository, options):
    config = load_config(repository / FINETUNE, options)
    assert config.test_pipeline == config.test_dataloader.dataset.pipeline
    assert config.test_pipeline is not config.test_dataloader.dataset.pipeline
    assert config.test_pipeline[3].size == (40 if 'test_dataloader.dataset.pipeline.crop.size' in options else 48)


def test_an_option_of_test_pipeline_stays_its_own(repository):
    config = load_config(repository / FINETUNE, {'test_pipeline.sample.num_clips': 1})
    assert (config.test_pipeline[1].num_clips, config.test_dataloader.dataset.pipeline[1].num_clips) == (1, 4)


def test_two_pipelines_of_a_file_stay_two():
    config = Config(dict(test_pipeline=[dict(type='A')], test_dataloader=dict(dataset=dict(pipeline=[dict(type='B')]))))
    merge_options(config, {'test_dataloader.dataset.pipeline.B.size': 1})
    assert config.test_pipeline == [dict(type='A')]


def test_a_child_that_changes_one_alone_is_told(repository, tmp_path, caplog):
    base = f"_base_ = '{repository / FINETUNE}'\nfrom cmvl_mm.datasets.stages import change\n"
    smaller = 'change(_base_.test_pipeline, crop=dict(size=40))'
    dataset = 'test_dataloader = dict(dataset=dict(pipeline={}))\n'
    (tmp_path / 'one.py').write_text(base + dataset.format(smaller))
    (tmp_path / 'both.py').write_text(f'{base}test_pipeline = {smaller}\n{dataset.format("test_pipeline")}')
    with caplog.at_level(logging.WARNING):
        load_config(tmp_path / 'both.py')
        assert not caplog.messages
        load_config(tmp_path / 'one.py')
    assert 'one.py: test_pipeline, which inference_recognizer reads, is not' in caplog.text
