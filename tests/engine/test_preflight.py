"""Lists, classes and batches that do not fit each other end a run before its first step."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmaction.registry import DATASETS
from mmengine.registry import init_default_scope
from torch.utils.data import ConcatDataset

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.annotation import Entry, open_list
from cmvl_mm.datasets.list_file import format_line, parse_line
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.listed import UNLABELLED, labels_of, list_digest, listed
from cmvl_mm.engine.preflight import LabelError, check_batch, check_labels, checked_in_words
from cmvl_mm.engine.runner import CompressedRunner
from cmvl_mm.models.classification_head import ClassificationHead
from cmvl_mm.models.heads import ContextMatchingHead


class Listing:
    """A data set that nobody reads."""

    def __init__(self, path, *labels):
        self.ann_file = str(path)
        self.entries = [Entry(f'{number}.mp4', label) for number, label in enumerate(labels)]
        path.write_text(''.join(map(format_line, self.entries)))

    def __len__(self):
        return len(self.entries)


def classifier(num_classes):
    return SimpleNamespace(cls_head=SimpleNamespace(num_classes=num_classes))


@pytest.mark.parametrize(
    ('labels', 'remedy'),
    [
        ((0, 2, 1, 2), r'--cfg-options model\.cls_head\.num_classes=3'),
        ((1, 2, 1), 'start at 0; those of this list start at 1'),
    ],
)
def test_a_label_beyond_the_classes_is_named_with_its_line(tmp_path, labels, remedy):
    dataset = Listing(tmp_path / 'list.txt', *labels)
    words = r"list\.txt, line 2: '1\.mp4' has the label 2, .*num_classes=2 .*classes 0 to 1; {} of {} videos"
    expected = words.format(labels.count(2), len(labels)) + f'.*Remedy: .*{remedy}'
    for wrapped in (dataset, ConcatDataset([dataset]), SimpleNamespace(dataset=dataset)):
        with pytest.raises(LabelError, match=expected):
            check_labels(wrapped, classifier(2), 'train')
    check_labels(dataset, classifier(3), 'train')
    check_labels(dataset, SimpleNamespace(cls_head=None), 'train')


def test_a_video_that_stands_twice_is_named_with_the_line_of_its_label(tmp_path):
    text = '0.mp4 0\n1.mp4 1\n0.mp4 9\n'
    for encoding in ('utf-8', 'utf-16'):
        (tmp_path / 'list.txt').write_text(text, encoding=encoding)
        dataset = SimpleNamespace(
            ann_file=str(tmp_path / 'list.txt'), entries=[*map(parse_line, text.splitlines())], __len__=lambda: 3
        )
        with pytest.raises(LabelError, match=r"line 3: '0\.mp4' has the label 9"):
            check_labels(dataset, classifier(2), 'train')


def test_in_a_test_the_classes_are_the_checkpoint_s(tmp_path):
    with pytest.raises(LabelError, match=r'Remedy: test with a list of the data set that the checkpoint'):
        check_labels(Listing(tmp_path / 'list.txt', 0, 7), classifier(2), 'test')


def test_a_list_that_is_read_tells_lines_without_labels(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('\n0.mp4 0\n1.mp4\n2.mp4 7\n')
    dataset = SimpleNamespace(ann_file=str(path), entries=open_list(path, 'optional'))
    assert labels_of(SimpleNamespace(datasets=[dataset, dataset])).tolist() == [0, UNLABELLED, 7] * 2
    with pytest.raises(LabelError, match=r"list\.txt, line 3: '1\.mp4' has no label"):
        check_labels(dataset, classifier(8), 'train')
    with pytest.raises(LabelError, match=r"line 4: '2\.mp4' has the label 7"):
        check_labels(dataset, classifier(7), 'train', required=False)


def test_a_video_without_a_label_is_named(tmp_path):
    dataset = Listing(tmp_path / 'list.txt', 0, None)
    with pytest.raises(LabelError, match=r"line 2: '1\.mp4' has no label.*Remedy"):
        check_labels(dataset, classifier(2), 'train')
    check_labels(dataset, classifier(2), 'test', required=False)


def test_lists_of_mmaction2_are_read_too(tmp_path):
    init_default_scope('mmaction')
    (tmp_path / 'list.txt').write_text('a.mp4 0\nb.mp4 5\n')
    dataset = DATASETS.build(dict(type='VideoDataset', ann_file=str(tmp_path / 'list.txt'), pipeline=[]))
    assert [(line.path, line.label) for line in listed(dataset)] == [('a.mp4', 0), ('b.mp4', 5)]
    with pytest.raises(LabelError, match=r"list\.txt, line 2: 'b\.mp4' has the label 5"):
        check_labels(dataset, classifier(5), 'train')


def test_a_digest_is_of_paths_labels_and_order(tmp_path):
    one = Listing(tmp_path / 'one.txt', 0, 1)
    assert list_digest(one) == list_digest(Listing(tmp_path / 'moved.txt', 0, 1))
    assert list_digest(one) != list_digest(Listing(tmp_path / 'other.txt', 1, 0))
    turned = Listing(tmp_path / 'turned.txt', 0, 1)
    turned.entries.reverse()
    assert list_digest(one) != list_digest(turned)
    assert list_digest(range(3)) is None


@pytest.mark.parametrize(
    ('batch', 'processes', 'synchronised', 'words'),
    [
        (1, 1, False, 'global batch of 1 has none'),
        (1, 2, False, r"sync_bn='torch'"),
        (1, 2, True, None),
        (2, 1, False, None),
    ],
)
def test_a_context_head_needs_other_videos(batch, processes, synchronised, words):
    model = SimpleNamespace(context_head=ContextMatchingHead.__new__(ContextMatchingHead))
    if words is None:
        check_batch(model, batch, processes, synchronised=synchronised)
        return
    with pytest.raises(ValueError, match=f'{words}.*' if 'sync' in words else f'{words}.*Remedy'):
        check_batch(model, batch, processes, synchronised=synchronised)
    check_batch(SimpleNamespace(context_head=None), batch, processes, synchronised=synchronised)


def config(repository, controlled_set, tmp_path, name, **options):
    made = load_config(repository / f'configs/demo/{name}.py')
    made.merge_from_dict(
        {
            f'{loader}.{key}': value
            for loader in ('train_dataloader', 'test_dataloader')
            if loader in made
            for key, value in {
                'batch_size': 2,
                'num_workers': 0,
                'persistent_workers': False,
                'dataset.ann_file': str(controlled_set / 'train.txt'),
                'dataset.data_prefix.video': str(controlled_set),
            }.items()
        }
        | {'work_dir': str(tmp_path), 'experiment_name': str(tmp_path), 'model.init_cfg': None}
        | options
    )
    return made


@pytest.fixture
def unread(monkeypatch):
    """No video may be opened."""
    monkeypatch.setattr('cmvl_mm.datasets.dataset.CompressedVideoDataset._load', lambda *_: pytest.fail('was read'))


@pytest.mark.usefixtures('unread')
def test_the_shipped_config_refuses_labels_before_it_reads(repository, controlled_set, tmp_path):
    chosen = config(repository, controlled_set, tmp_path, 'finetune', **{'model.cls_head.num_classes': 4})
    runner = CompressedRunner.from_cfg(chosen)
    for start in (runner.train, runner.test):
        with pytest.raises(LabelError, match=re.escape(str(controlled_set / 'train.txt')) + ', line 5: .*label 4'):
            start()


@pytest.mark.usefixtures('unread')
def test_the_shipped_config_refuses_a_batch_of_one_and_says_what_it_has_checked(repository, controlled_set, tmp_path):
    chosen = config(repository, controlled_set, tmp_path, 'pretrain', **{'train_dataloader.batch_size': 1})
    runner = CompressedRunner.from_cfg(chosen)
    with pytest.raises(ValueError, match='global batch of 1'):
        runner.train()
    logged = Path(runner.log_dir, f'{runner.timestamp}.log').read_text()
    checked = f'every line (8 of {controlled_set}/train.txt), and that one of the first 100 videos of each list exists'
    assert checked in logged
    assert checked_in_words(range(3)) == ''


def test_the_head_refuses_what_no_list_could_tell():
    head = ClassificationHead(num_classes=2, in_channels=3)
    features = torch.zeros(2, 3)
    assert head.loss(features, torch.tensor([0, 1]))['loss_cls'] > 0
    for labels, words in (
        ([0, 2], 'labels 0 to 2'),
        ([-1, 0], 'labels -1 to 0'),
        ([0, 1, 1, 0], r'\(4,\) do not fit 2'),
    ):
        with pytest.raises(ValueError, match=f'{words}.*Remedy'):
            head.loss(features, torch.tensor(labels))
    with pytest.raises(ValueError, match=r'cls_head\.in_channels=3, .* returns 5 channels.*Remedy: .*in_channels=5'):
        head(torch.zeros(2, 5))
    with pytest.raises(ValueError, match='num_classes=0 must be at least 1'):
        ClassificationHead(num_classes=0, in_channels=3)
