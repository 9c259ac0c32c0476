"""One key `data` fills lists, folders and the number of classes; what does not fit is named."""

import os
import shutil
from types import SimpleNamespace

import pytest
from mmengine.config import Config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.annotation import Entry
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.presence import check_present
from cmvl_mm.engine.config import ConfigKeyError, load_config
from cmvl_mm.engine.config_values import ConfigValueError, check_values
from cmvl_mm.engine.own_data import fill_data
from cmvl_mm.engine.preflight import LabelError, check_all_classes
from cmvl_mm.engine.prepare import prepare
from cmvl_mm.engine.schedule_follow import lines_of
from cmvl_mm.prepare.own_lists import OwnVideosError


@pytest.fixture
def folder(tmp_path):
    """Empty files for videos, 3 people in 2 classes, and lists of 2 and 1."""
    root = tmp_path / 'mine'
    lines = {'train': [], 'test': []}
    for label, name in enumerate(('fall', 'walk')):
        (root / name).mkdir(parents=True)
        for person in 'abc':
            path = f'{name}/{person}_1.mp4'
            (root / path).touch()
            lines['test' if person == 'c' else 'train'].append(f'{path} {label}\n')
    for name, text in lines.items():
        (root / f'{name}.txt').write_text(''.join(text))
    (root / 'classes.txt').write_text('fall\nwalk\n')
    return root


@pytest.mark.parametrize('name', ['', 'train.txt'])
def test_one_key_fills_all_data_sets(folder, name):
    config = load_config('demo/finetune', {'data': str(folder / name)})
    for use in ('train', 'test'):
        dataset = config[f'{use}_dataloader'].dataset
        assert (dataset.ann_file, dataset.data_prefix) == (f'{folder}/{use}.txt', {'video': str(folder)})
    assert config.model.cls_head.num_classes == 2
    assert 'data' not in config
    assert 'num_classes 2 (fall, walk), not 64' in lines_of(config)[0]
    found = load_config('demo/retrieval', {'data': str(folder / name)}).test_dataloader.dataset
    assert (found.gallery, found.query) == (f'{folder}/train.txt', f'{folder}/test.txt')
    assert (
        load_config('demo/pretrain', {'data': str(folder)}).train_dataloader.dataset.ann_file == f'{folder}/train.txt'
    )


def test_a_child_config_may_say_it_and_options_win(folder, repository, tmp_path):
    child = tmp_path / 'child.py'
    child.write_text(f"_base_ = '{repository}/configs/demo/finetune.py'\ndata = '{folder}'\n")
    options = {'model.cls_head.num_classes': 5, 'test_dataloader.dataset.ann_file': 'other.txt'}
    config = load_config(child, options)
    assert config.model.cls_head.num_classes == 5
    assert config.test_dataloader.dataset.ann_file == 'other.txt'
    assert config.train_dataloader.dataset.ann_file == f'{folder}/train.txt'


def test_a_list_elsewhere_finds_its_videos_and_says_where_it_looked(folder, tmp_path):
    lists = tmp_path / 'lists'
    lists.mkdir()
    os.rename(folder, tmp_path / 'prepared')
    (lists / 'all.txt').write_text('fall/a_1.mp4\nwalk/a_1.mp4\n')
    config = load_config('demo/pretrain', {'data': str(lists / 'all.txt')})
    assert config.train_dataloader.dataset.data_prefix.video == str(tmp_path / 'prepared')
    (lists / 'all.txt').write_text('run/a_1.mp4\n')
    with pytest.raises(OwnVideosError, match=r'all\.txt: none of its first 1 videos, such as run/a_1\.mp4, is in'):
        load_config('demo/pretrain', {'data': str(lists / 'all.txt')})


def test_a_run_makes_the_lists_that_are_not_there(folder, tmp_path):
    for path in folder.glob('*.txt'):
        path.unlink()
    config = load_config('demo/finetune', {'data': str(folder), 'model.cls_head.num_classes': 7})
    config.work_dir = str(tmp_path / 'run')
    lines, _ = prepare(config)
    made = tmp_path / 'run/lists'
    assert config.test_dataloader.dataset.ann_file == str(made / 'test.txt')
    people = {
        name: {line[5] for line in (made / f'{name}.txt').read_text().split('\n') if line} for name in ('train', 'test')
    }
    assert people['train'] | people['test'] == set('abc')
    assert not people['train'] & people['test']
    assert config.model.cls_head.num_classes == 7  # said by hand
    assert any(line.startswith('data: train_dataloader ann_file') for line in lines)
    config = load_config('demo/pretrain', {'data': str(folder)})
    fill_data(config, make_in=tmp_path / 'pretraining')
    assert config.train_dataloader.dataset.ann_file == str(tmp_path / 'pretraining/all.txt')


def test_what_cannot_be_filled_is_refused_with_a_remedy(folder, tmp_path):
    (folder / 'train_split2.txt').write_text('fall/a_1.mp4 0\n')
    (folder / 'test_split2.txt').write_text('fall/c_1.mp4 0\n')
    for data, words in (
        (str(folder), r'several training lists \(train\.txt, train_split2\.txt\)\. Remedy: choose one'),
        (str(tmp_path / 'none'), 'there is no such folder or list'),
        (3, 'neither a folder nor a list'),
    ):
        with pytest.raises(OwnVideosError, match=words):
            load_config('demo/pretrain', {'data': data})
    with pytest.raises(ConfigKeyError, match='nothing reads data as a dict'):
        load_config('demo/pretrain', {'data': dict(train=1)})
    (tmp_path / 'empty').mkdir()
    with pytest.raises(OwnVideosError, match=r'no videos found\. Remedy'):
        fill_data(Config(dict(data=str(tmp_path / 'empty'))), make_in=tmp_path / 'lists')


def test_a_wrong_folder_is_told_where_the_videos_are(folder):
    with pytest.raises(
        FileNotFoundError, match=rf'fall/fall/a_1\.mp4.*They are in {folder}\. Remedy: set data_prefix=dict'
    ):
        check_present(str(folder / 'train.txt'), 'video', str(folder / 'fall'), ['fall/a_1.mp4'])
    with pytest.raises(FileNotFoundError, match=rf'nowhere.*is not a folder\. They are in {folder}'):
        check_present(str(folder / 'train.txt'), 'video', 'nowhere', ['fall/a_1.mp4'])


def test_a_classifier_with_classes_that_no_list_knows_is_refused():
    dataset = SimpleNamespace(ann_file='list.txt', entries=[Entry('a.mp4', 0), Entry('b.mp4', 1)])
    model = SimpleNamespace(cls_head=SimpleNamespace(num_classes=101))
    words = r'num_classes=101, but list\.txt has 2 classes.*num_classes=2, or data=list'
    with pytest.raises(LabelError, match=words):
        check_all_classes(dataset, model)
    model.cls_head.num_classes = 2
    check_all_classes(dataset, model)
    check_all_classes(dataset, SimpleNamespace(cls_head=None))
    head = dict(type='ClassificationHead', in_channels=3)
    with pytest.raises(ConfigValueError, match=r'num_classes is not set\. Remedy: pass --cfg-options data=LIST'):
        check_values(Config(dict(model=dict(cls_head=head))))
    check_values(Config(dict(model=dict(cls_head=head), data='folder')))


def test_names_beside_the_list_are_classes_without_videos(controlled_set, tmp_path):
    shutil.copy(controlled_set / 'train.txt', tmp_path / 'train.txt')
    names = [f'class {number}' for number in range(101)]
    (tmp_path / 'classes.txt').write_text('\n'.join(names))
    model = SimpleNamespace(cls_head=SimpleNamespace(num_classes=101))
    arguments = dict(ann_file=str(tmp_path / 'train.txt'), data_prefix=dict(video=str(controlled_set)), pipeline=[])
    check_all_classes(CompressedVideoDataset(**arguments), model)
    (tmp_path / 'classes.txt').unlink()
    with pytest.raises(LabelError, match=r'but .* has \d classes'):
        check_all_classes(CompressedVideoDataset(**arguments), model)
