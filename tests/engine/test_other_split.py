"""--split N: every list of split 1 becomes split N's, and nothing else changes."""

import argparse

import pytest

from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.launch import add_common_arguments, config_from
from cmvl_mm.engine.other_split import use_split


def launched(*words):
    parser = argparse.ArgumentParser()
    add_common_arguments(parser)
    return config_from(parser.parse_args([str(word) for word in words]))


def test_all_lists_of_finetuning_and_its_folder(repository):
    path = repository / 'configs/finetune_c3d_ucf.py'
    plain, config = launched(path), launched(path, '--split', 3)
    assert config.train_dataloader.dataset.ann_file == 'data/ucf101/train_split3.txt'
    assert config.test_dataloader.dataset.ann_file == 'data/ucf101/test_split3.txt'
    assert config.work_dir == 'work_dirs/finetune_c3d_ucf_split3'
    for loader in ('train_dataloader', 'test_dataloader'):
        config[loader].dataset.ann_file = plain[loader].dataset.ann_file
    config.work_dir = plain.work_dir
    assert config.to_dict() == plain.to_dict()


def test_gallery_and_query_of_the_protocols(repository):
    config = launched(repository / 'configs/protocols/linear_c3d_ucf.py', '--split', 2)
    dataset = config.test_dataloader.dataset
    assert (dataset.gallery, dataset.query) == ('data/ucf101/train_split2.txt', 'data/ucf101/test_split2.txt')
    assert config.work_dir == 'work_dirs/protocols/linear_c3d_ucf_split2'


def test_a_given_folder_stays_and_split_1_is_a_split(repository):
    path = repository / 'configs/pretrain_c3d_ucf.py'
    assert launched(path, '--split', 2, '--work-dir', 'here').work_dir == 'here'
    first = launched(path, '--split', 1)
    assert first.train_dataloader.dataset.ann_file == 'data/ucf101/train_split1.txt'
    assert first.work_dir == 'work_dirs/pretrain_c3d_ucf_split1'


def test_nothing_to_replace_is_an_error(repository):
    config = load_config(repository / 'configs/pretrain_c3d_k400.py')
    with pytest.raises(ValueError, match=r'somewhere\.py: --split 2 needs a list named \*_split1\.\*'):
        use_split(config, 2, 'somewhere.py')
