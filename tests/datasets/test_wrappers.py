"""Torch's and MMEngine's wrappers take the data set, and keep what a sample depends on."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from mmaction.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmengine.runner.runner import _SlicedDataset
from torch.utils.data import ConcatDataset, StackDataset, Subset

import cmvl_mm.register  # noqa: F401
from cmvl_mm.datasets.dataset import CompressedVideoDataset
from cmvl_mm.datasets.sample_index import SampleIndex
from cmvl_mm.datasets.wrappers import carry_through, compressed_parts
from cmvl_mm.engine.config import load_config


@pytest.fixture
def settings(repository, controlled_set):
    """Of training videos 0 to 7 with labels 0 to 7."""
    init_default_scope('mmaction')
    made = load_config(repository / 'configs/demo/finetune.py').train_dataloader.dataset
    made.ann_file, made.data_prefix.video = str(controlled_set / 'train.txt'), str(controlled_set)
    return made.to_dict()


@pytest.fixture
def build(settings):
    return lambda **changes: DATASETS.build(settings | changes)


@pytest.fixture
def asked(monkeypatch):
    """Every index that reaches a data set, as (position, epoch, seed) and draw, in place of a sample."""
    found = []

    def note(self, position, rng):
        found.append((position, int(rng.integers(1 << 62))))
        raise KeyboardInterrupt

    monkeypatch.setattr(CompressedVideoDataset, '_load', note)

    def ask(dataset, index):
        with pytest.raises(KeyboardInterrupt):
            dataset[index]
        return found[-1]

    return ask


def test_what_wrappers_do_to_an_index_keeps_epoch_and_seed():
    index = SampleIndex(7, epoch=2, seed=3)
    for moved, position in (
        (index - 3, 4),
        (index - np.int64(3), 4),
        (index % 4, 3),
        (index // 2, 3),
        (9 - index, 2),
        (index + 1, 8),
        (1 + index, 8),
        (2 * index, 14),
        (divmod(index, 4)[0], 1),
        (divmod(index, 4)[1], 3),
        (index.at(5), 5),
    ):
        assert (type(moved), moved, moved.epoch, moved.seed) == (SampleIndex, position, 2, 3)
        assert pickle.loads(pickle.dumps(moved)).visit == moved.visit == 7 - position
    for number in (index - 8, index * 0.5, index / 2, index + (1 << 40), int(index)):
        assert not isinstance(number, SampleIndex)


def test_the_first_visit_draws_what_it_always_drew():
    """An unwrapped position: Philox keyed by seed and (epoch, index), its counter by the attempt alone."""
    for seed, epoch, position, attempt in itertools.product((0, 5), (0, 3), (0, 9), (0, 2)):
        key = np.array([seed, epoch * 2**40 + position], dtype=np.uint64)
        expected = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, attempt])).random(5)
        found = SampleIndex(position, epoch=epoch, seed=seed).generator(attempt).random(5)
        assert found.tolist() == expected.tolist()


def wrappers_of(build, settings):
    """name -> (wrapper, the positions that its samples have in the list)."""
    eight, small = [*range(8)], build(indices=[2, 0])
    twice = build()
    return dict(
        subset=(Subset(build(), [5, 1, 5, 3]), [5, 1, 5, 3]),
        array=(Subset(build(), np.array([5, 1, 5])), [5, 1, 5]),
        subset_of_subset=(Subset(Subset(build(), [6, 4, 2]), [2, 2, 0]), [2, 2, 6]),
        concat=(ConcatDataset([build(), small]), [*eight, 0, 1]),
        same_twice=(ConcatDataset([twice, twice]), eight * 2),
        concat_mm=(DATASETS.build(dict(type='ConcatDataset', datasets=[settings, settings])), eight * 2),
        concat_mm_built=(DATASETS.build(dict(type='ConcatDataset', datasets=[build(), build()])), eight * 2),
        repeat=(DATASETS.build(dict(type='RepeatDataset', dataset=settings, times=3)), eight * 3),
        repeat_built=(DATASETS.build(dict(type='RepeatDataset', dataset=small, times=2)), [0, 1] * 2),
        balanced=(
            DATASETS.build(dict(type='ClassBalancedDataset', dataset=settings, oversample_thr=0.5)),
            [position for position in eight for _ in range(2)],
        ),
        sliced=(_SlicedDataset(build(), 5), [*range(5)]),
        subset_of_repeat=(
            Subset(DATASETS.build(dict(type='RepeatDataset', dataset=settings, times=2)), [1, 9, 9, 3]),
            [1, 1, 1, 3],
        ),
    )


NAMES = (
    'subset array subset_of_subset concat same_twice concat_mm concat_mm_built repeat repeat_built balanced sliced '
    'subset_of_repeat'
)


@pytest.mark.parametrize('name', NAMES.split())
def test_every_sample_of_a_wrapper_has_draws_of_its_own(build, settings, asked, name):
    """They depend on seed, epoch and the position in the wrapper: not on who asks before, nor on the rest."""
    dataset, positions = wrappers_of(build, settings)[name]
    carry_through(dataset)
    assert len(dataset) == len(positions)

    def epoch(number, seed=7):
        indices = [SampleIndex(i, epoch=number, seed=seed) for i in range(len(dataset))]
        return [asked(dataset, index) for index in indices]

    first = epoch(0)
    assert [position for position, _ in first] == positions
    # Parts of a concatenation are other data sets, so only (part, position) could be equal; none is, even so.
    assert len(set(first)) == len(first)
    assert not set(first) & set(epoch(1))
    assert not set(first) & set(epoch(0, seed=8))
    assert epoch(0) == first


def test_an_unwrapped_sample_and_the_first_part_of_a_concatenation_are_the_same(build, settings, asked):
    alone, index = build(), SampleIndex(3, epoch=1, seed=2)
    for name in ('concat', 'concat_mm', 'repeat', 'sliced'):
        assert asked(wrappers_of(build, settings)[name][0], index) == asked(alone, index)


def test_parts_are_found_in_every_wrapper(build, settings):
    for name, (dataset, _) in wrappers_of(build, settings).items():
        parts = 2 if name in ('concat', 'concat_mm', 'concat_mm_built') else 1
        assert len(compressed_parts(dataset)) == parts
    assert len(compressed_parts(StackDataset(one=build(), other=build()))) == 2
    for other in (range(3), [1, 2], Subset(range(3), [1])):
        carry_through(other)
        assert compressed_parts(other) == []


def test_contract_of_a_base_dataset(build, controlled_set, tmp_path):
    dataset = build()
    assert isinstance(dataset, BaseDataset)
    path = str(controlled_set / 'videos/train3.mp4')
    assert dataset.get_data_info(3) == dict(filename=path, label=3, sample_idx=3)
    assert dataset.get_cat_ids(3) == [3]
    assert dataset.metainfo == {}
    for wrong in (-1, 8):
        for ask in (dataset.get_data_info, dataset.get_cat_ids, dataset.__getitem__):
            with pytest.raises(IndexError, match=rf'{wrong}.* 8'):
                ask(wrong)
    (tmp_path / 'list.txt').write_text('videos/train3.mp4\n')
    unlabelled = build(ann_file=str(tmp_path / 'list.txt'), labels='optional')
    assert unlabelled.get_cat_ids(0) == []
    assert unlabelled.get_data_info(0)['label'] is None


def test_names_of_classes_are_those_beside_the_list(build, tmp_path):
    listed, names = tmp_path / 'list.txt', tmp_path / 'classes.txt'
    listed.write_text('videos/train0.mp4 0\nvideos/train1.mp4 1\n')
    names.write_text('boxing\nhigh jump\n')
    dataset = build(ann_file=str(listed))
    assert dataset.metainfo == dict(classes=('boxing', 'high jump'))
    given = build(ann_file=str(listed), metainfo=dict(classes=('a', 'b'), more=1))
    assert given.metainfo == dict(classes=('a', 'b'), more=1)
    dataset.metainfo['classes'] = ()
    assert len(dataset.metainfo['classes']) == 2
    names.write_text('boxing\n')  # of other labels than the list's
    assert build(ann_file=str(listed)).metainfo == {}


def test_subsets_by_number_and_by_positions(build, asked):
    paths = [entry.path for entry in build().entries]
    for indices, kept in ((3, paths[:3]), (-2, paths[-2:]), ([4, 1], [paths[4], paths[1]])):
        whole = build()
        part = whole.get_subset(indices)
        changed = build()
        changed.get_subset_(indices)
        for cut in (part, changed, build(indices=indices)):
            assert [entry.path for entry in cut.entries] == kept
            assert len(cut) == len(kept)
        assert len(whole) == 8
        whole.set_epoch(4, seed=1)
        index = SampleIndex(1, epoch=4, seed=1)
        assert asked(part, 1) == asked(whole, index)  # the clock reaches the subset


def test_a_lazy_data_set_reads_its_list_when_it_is_asked(build, tmp_path):
    lazy = build(ann_file=str(tmp_path / 'later.txt'), lazy_init=True)
    (tmp_path / 'later.txt').write_text('videos/train5.mp4 1\n')
    assert len(lazy) == 1
    assert lazy.entries[0].path == 'videos/train5.mp4'
    assert DATASETS.build(dict(type='ConcatDataset', datasets=[lazy, lazy], lazy_init=True)).datasets == [lazy, lazy]
    astray = build(data_prefix=dict(video=str(tmp_path / 'nowhere')), lazy_init=True)
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match='nowhere'):
            astray.full_init()


def test_a_copy_has_the_clock_of_the_original(build):
    dataset = build()
    for other in (copy.deepcopy(dataset), copy.copy(dataset), pickle.loads(pickle.dumps(dataset))):
        assert other.clock is dataset.clock
        assert [entry.path for entry in other.entries] == [entry.path for entry in dataset.entries]


def test_retrieval_data_sets_can_be_wrapped(repository, controlled_set, tmp_path, asked):
    init_default_scope('mmaction')
    made = load_config(repository / 'configs/demo/retrieval.py').test_dataloader.dataset
    for key in ('gallery', 'query'):
        (tmp_path / f'{key}.txt').write_text(f'videos/{"train" if key == "gallery" else "test"}1.mp4 1\n')
    (tmp_path / 'classes.txt').write_text('one\ntwo\n', encoding='utf-8-sig')
    made.gallery, made.query = str(tmp_path / 'gallery.txt'), str(controlled_set / 'test.txt')
    made.data_prefix.video = str(controlled_set)
    alone = DATASETS.build(made.to_dict())
    assert alone.metainfo == dict(classes=('one', 'two'))
    assert (len(alone), alone.get_cat_ids(0), alone.get_cat_ids(3)) == (9, [1], [2])
    assert alone.get_data_info(3)['filename'].endswith('test2.mp4')
    both = DATASETS.build(dict(type='ConcatDataset', datasets=[made.to_dict(), made.to_dict()]))
    assert len(both) == 18
    assert [part.is_query for part in compressed_parts(both)] == [False, True] * 2
    assert asked(both, 9 + 3) == asked(both, 3) == asked(alone, 3)
