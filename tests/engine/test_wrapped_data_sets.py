"""A data set inside wrappers is trained on, resumed, checked and reported like a bare one."""

import os
import signal
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS
from mmaction.structures import ActionDataSample
from mmengine.hooks import LoggerHook
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmengine.runner import EpochBasedTrainLoop
from mmengine.runner.runner import _SlicedDataset
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.stand_ins import Skipped
from cmvl_mm.engine.config import load_config
from cmvl_mm.engine.hooks import SeedIterationHook, SkippedVideosHook, TooManyBrokenVideos
from cmvl_mm.engine.listed import distinct_videos, list_digest, listed
from cmvl_mm.engine.loop import ResumableEpochLoop, WorkerDied
from cmvl_mm.engine.preflight import LabelError, check_labels
from cmvl_mm.engine.sampler import ResumableSampler
from cmvl_mm.evaluation.features import collect

SEED, BATCH, EPOCHS = 7, 2, 2


@pytest.fixture
def settings(repository, controlled_set):
    """Of training videos 0 to 7 with labels 0 to 7."""
    init_default_scope('mmaction')
    made = load_config(repository / 'configs/demo/finetune.py').train_dataloader.dataset
    made.ann_file, made.data_prefix.video = str(controlled_set / 'train.txt'), str(controlled_set)
    return made.to_dict()


def drawn(self, position, rng):
    """In place of `_load`: the first draw, and nothing is decoded."""
    if self.last_read is not None:
        self.last_read.note(position)
    sample = ActionDataSample()
    sample.set_metainfo(dict(path=self.entries[position].path, draw=int(rng.integers(1 << 62))))
    return dict(inputs={}, data_samples=sample)


def pairs(samples):
    return [(sample['data_samples'].path, sample['data_samples'].draw) for sample in samples]


class Backwards(Dataset):
    """A wrapper of somebody's, which hands on plain integers."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[np.arange(len(self.dataset))[::-1][index]]


WRAPPERS = dict(
    subset=lambda s: Subset(DATASETS.build(s), [5, 1, 5, 3]),
    concat=lambda s: ConcatDataset([DATASETS.build(s), DATASETS.build(s | dict(indices=3))]),
    concat_mm=lambda s: DATASETS.build(dict(type='ConcatDataset', datasets=[s, s])),
    repeat=lambda s: DATASETS.build(dict(type='RepeatDataset', dataset=s, times=2)),
    balanced=lambda s: DATASETS.build(dict(type='ClassBalancedDataset', dataset=s, oversample_thr=0.5)),
    sliced=lambda s: _SlicedDataset(Subset(DATASETS.build(s), [5, 1, 5, 3, 2, 2, 2]), 6),
    backwards=lambda s: Backwards(DATASETS.build(s)),
)


def train(dataset, workers, done=0, persistent=False):
    """The batches of the run, from iteration `done` on."""
    batches = DataLoader(
        dataset,
        BATCH,
        sampler=ResumableSampler(dataset, seed=SEED),
        drop_last=True,
        collate_fn=pairs,
        num_workers=workers,
        persistent_workers=persistent,
        multiprocessing_context='fork' if workers else None,
    )
    seen = []
    runner = MagicMock(seed=SEED, val_loop=None)
    runner.model.train_step.side_effect = lambda batch, optim_wrapper: seen.append(batch)
    loop = ResumableEpochLoop(runner, batches, EPOCHS)
    loop._iter, loop._epoch = done, done // len(batches)
    loop.run()
    assert len(seen) == EPOCHS * len(batches) - done
    told = [call.args[0] for call in runner.logger.warning.call_args_list]
    assert [('A wrapper' in line, 'Remedy: let the wrapper pass index.at' in line) for line in told] == (
        [(True, True)] if isinstance(dataset, Backwards) else []
    )
    return seen


@pytest.mark.parametrize('name', WRAPPERS)
def test_a_resumed_run_sees_what_the_unbroken_one_saw(settings, monkeypatch, name):
    """Interrupted in the middle of each epoch, with other numbers of workers; and no clip comes twice."""
    monkeypatch.setattr(CompressedVideoDataset, '_load', drawn)
    unbroken = train(WRAPPERS[name](settings), workers=2, persistent=True)
    for workers, done in ((0, 0), (2, 1), (0, len(unbroken) // 2 + 1)):
        assert train(WRAPPERS[name](settings), workers, done) == unbroken[done:]
    every = [pair for batch in unbroken for pair in batch]
    assert len(every) == len(set(every))


def of_two_lists(settings):
    return ConcatDataset([DATASETS.build(settings), DATASETS.build(settings | dict(indices=[4, 6]))])


@pytest.mark.parametrize(('make', 'video'), [(of_two_lists, 6), (WRAPPERS['subset'], 3)])
def test_a_dead_worker_s_video_is_named(settings, monkeypatch, make, video):
    """Its position is in the part, of which a wrapper has several."""
    path = DATASETS.build(settings).entries[video].path

    def die(self, position, rng):
        self.last_read.note(position)
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(CompressedVideoDataset, '_load', die)
    backwards = SimpleNamespace(permutation=lambda length: np.arange(length)[::-1])
    monkeypatch.setattr('cmvl_mm.datasets.order.order_generator', lambda *_: backwards)
    with pytest.raises(WorkerDied, match=rf'worker 0 \(process \d+\) died; its last video was {path}'):
        train(make(settings), workers=1)


def test_the_loop_names_what_runs_with_another_sampler(settings):
    batches = DataLoader(DATASETS.build(settings), BATCH, shuffle=True, drop_last=True)
    with pytest.raises(TypeError, match=r'EpochBasedTrainLoop.*new clips each epoch; but its resumed runs repeat'):
        ResumableEpochLoop(MagicMock(seed=SEED), batches, EPOCHS)


def test_lines_are_those_of_the_samples(settings):
    labels = dict(
        subset=[5, 1, 5, 3],
        concat=[*range(8), 0, 1, 2],
        concat_mm=[*range(8)] * 2,
        repeat=[*range(8)] * 2,
        balanced=[label for label in range(8) for _ in range(2)],
        sliced=[5, 1, 5, 3, 2, 2],
        backwards=[*range(8)],  # nobody knows its order
    )
    for name, expected in labels.items():
        dataset = WRAPPERS[name](settings)
        assert [line.label for line in listed(dataset)] == expected
        assert len(dataset) == len(expected)
        assert distinct_videos(dataset) == len(set(expected))


def test_another_choice_of_a_wrapper_is_another_list(settings):
    whole = DATASETS.build(settings)
    digests = {list_digest(Subset(whole, order)) for order in ([0, 1], [1, 0], [0, 2], [0, 1, 1])}
    assert len(digests) == 4
    assert list_digest(Subset(whole, [*range(8)])) == list_digest(whole)
    assert list_digest(Subset(range(8), [1])) is None


def test_labels_of_wrapped_lists_are_checked(settings, controlled_set, repository):
    classifier = SimpleNamespace(cls_head=SimpleNamespace(num_classes=4))
    for name, make in WRAPPERS.items():
        with pytest.raises(LabelError, match=r'has the label [4-7], but model\.cls_head\.num_classes=4'):
            check_labels(make(settings), classifier, 'train')
        assert name
    check_labels(Subset(DATASETS.build(settings), [0, 3]), classifier, 'train')  # 4 to 7 are not chosen
    search = load_config(repository / 'configs/demo/retrieval.py').test_dataloader.dataset
    search.gallery, search.query = str(controlled_set / 'train.txt'), str(controlled_set / 'test.txt')
    search.data_prefix.video = str(controlled_set)
    two = DATASETS.build(dict(type='ConcatDataset', datasets=[search.to_dict(), search.to_dict()]))
    check_labels(two, classifier, 'test')


def broken(path, source):
    sample = ActionDataSample()
    sample.set_metainfo(dict(skipped=[Skipped(path, 'broken', f'{path}: damaged', source)]))
    return dict(data_samples=[sample])


@pytest.fixture
def runner():
    hub = MessageHub('wrapped')
    return SimpleNamespace(logger=MagicMock(), hooks=[LoggerHook(interval=1)], message_hub=hub, seed=1, iter=0)


def test_the_share_of_broken_videos_is_of_the_videos(settings, runner):
    """Not of the samples: a list that is repeated ten times has no more videos."""
    repeated = DATASETS.build(dict(type='RepeatDataset', dataset=settings, times=10))
    runner.train_dataloader = SimpleNamespace(dataset=repeated)
    hook = SkippedVideosHook(max_broken_share=0.15)
    hook.after_train_iter(runner, 0, broken('a.mp4', 'list.txt'))
    with pytest.raises(TooManyBrokenVideos, match='2 of 8 videos are broken'):
        hook.after_train_iter(runner, 1, broken('a.mp4', 'other.txt'))  # another video of the same name


def test_a_replaced_video_names_its_list(settings, tmp_path, controlled_set):
    (tmp_path / 'gone.mp4').write_bytes(b'')
    (tmp_path / 'good.mp4').write_bytes((controlled_set / 'videos/train0.mp4').read_bytes())
    (tmp_path / 'list.txt').write_text('gone.mp4 0\ngood.mp4 0\n')
    changed = settings | dict(ann_file=str(tmp_path / 'list.txt'), data_prefix=dict(video=str(tmp_path)))
    sample = DATASETS.build(changed)[0]['data_samples']
    assert {(entry.path, entry.source) for entry in sample.skipped} == {('gone.mp4', str(tmp_path / 'list.txt'))}
    assert sample.source == (str(tmp_path / 'list.txt'), str(tmp_path))


def test_features_of_two_lists_do_not_take_each_other_s_place():
    def result(source, index, is_query):
        feature = np.full(2, index, np.float32)
        path = f'{source}{index}'
        return dict(
            features=feature, label=0, is_query=is_query, sample_idx=index, path=path, scores=None, source=source
        )

    rows = [result(source, index, query) for source in 'ba' for query in (False, True) for index in range(2)]
    found = collect([*rows, rows[0]])  # one that pads a distributed test
    assert found.paths.tolist() == ['b0', 'b1', 'a0', 'a1'] * 2
    assert found.is_query.tolist() == [False] * 4 + [True] * 4
    two_parts = [result('a', 0, False), result('a', 0, False) | dict(path='of another part')]
    assert sorted(collect(two_parts).paths.tolist()) == ['a0', 'of another part']


def test_a_wrapper_with_an_order_of_its_own_keeps_it(settings):
    class Chosen(Dataset):
        def __init__(self, dataset):
            self.dataset, self.indices = dataset, {0: [0, 3], 1: [1, 4]}

        def __len__(self):
            return 2

    dataset = Chosen(DATASETS.build(settings))
    ResumableSampler(dataset, seed=0)
    assert dataset.indices == {0: [0, 3], 1: [1, 4]}
    assert len([*listed(dataset)]) == 8


def test_mmengine_s_own_loop_tells_the_epoch(settings, runner, monkeypatch):
    """So a run that it resumes does not begin with the clips of the first epoch; batches continue from the epoch's."""
    monkeypatch.setattr(CompressedVideoDataset, '_load', drawn)
    dataset = DATASETS.build(settings)
    runner.train_dataloader = SimpleNamespace(dataset=Subset(dataset, [0, 1]))
    runner.train_loop, seen = EpochBasedTrainLoop.__new__(EpochBasedTrainLoop), []
    for runner.epoch in (0, 1, 5):
        torch.manual_seed(1)
        SeedIterationHook().before_train_epoch(runner)
        seen += pairs(dataset[index] for index in range(2))
    assert len(set(seen)) == 6
    torch.manual_seed(1)
    again = DATASETS.build(settings)
    again.set_epoch(5)
    assert pairs(again[index] for index in range(2)) == seen[4:]
