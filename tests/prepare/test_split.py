"""A group is never divided, and every class is on both sides where it can be."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cmvl_mm.datasets.annotation import Entry
from cmvl_mm.prepare.groups import GroupsError
from cmvl_mm.prepare.split import group_of, groups_from, split_by_groups


@pytest.mark.parametrize(
    ('path', 'group'),
    [
        ('fall/Subject1_13.mp4', 'Subject1'),
        ('adl/Subject1_10.mp4', 'Subject1'),
        ('Archery/v_Archery_g01_c03.avi', 'v_Archery_g01'),
        ('brush/April_09_brush_hair_u_nm_np1_ba_goo_0.avi', 'April_09_brush_hair_u_nm_np1_ba_goo'),
        ('cam2_2024-01-03_12-30-00.mp4', 'cam2'),
        ('run/abcDEF12345_000010_000020.mp4', 'abcDEF12345'),
        ('cam1/fall/0001.mp4', 'cam1'),
        ('cam1/fall/clip_7.mp4', 'cam1'),
        ('fall/0001.mp4', 'fall'),
        ('0001.mp4', '.'),
        ('jump/dog.mp4', 'dog'),
    ],
)
def test_a_name_tells_its_recording(path, group):
    assert group_of(path) == group


def test_people_of_real_clips_are_groups(shared):
    root = shared / 'data/falls_small'
    paths = [path.relative_to(root).as_posix() for path in sorted(root.rglob('*.mp4'))]
    groups = groups_from(None, paths)
    assert set(groups) == {'Subject1', 'Subject2', 'Subject3', 'Subject4'}
    entries = [Entry(path, int(path.startswith('fall'))) for path in paths]
    train, test = split_by_groups(entries, groups)
    assert {label for _, label in train} == {label for _, label in test} == {0, 1}
    assert {group_of(entry.path) for entry in train}.isdisjoint(group_of(entry.path) for entry in test)
    assert 3 <= len(test) <= 6  # of 23: a fifth, by whole persons


def test_no_group_is_divided_and_classes_are_on_both_sides():
    rng = np.random.default_rng(0)
    for _ in range(20):
        groups = [f'g{number}' for number in rng.integers(12, size=80)]
        entries = [Entry(f'{place}.mp4', int(rng.integers(4))) for place in range(80)]
        of = dict(zip(entries, groups, strict=True))
        train, test = split_by_groups(entries, groups, test_share=0.25)
        assert sorted(train + test) == sorted(entries)
        assert not {of[entry] for entry in train} & {of[entry] for entry in test}
        assert {entry.label for entry in train} == {entry.label for entry in test} == {0, 1, 2, 3}
        assert 0.15 < len(test) / len(entries) < 0.35


def test_a_class_of_one_group_is_training_only():
    entries = [Entry(f'{place}.mp4', int(place < 4)) for place in range(12)]
    groups = ['one'] * 4 + [f'g{place // 2}' for place in range(8)]
    train, test = split_by_groups(entries, groups)
    assert Counter(entry.label for entry in test) == {0: 2}
    assert Counter(entry.label for entry in train) == {0: 6, 1: 4}
    assert split_by_groups(entries, ['one'] * 12) == (entries, [])
    assert split_by_groups([], []) == ([], [])


def test_series_without_names_are_cut_into_runs_of_neighbours():
    paths = [f'{name}/{place}.mp4' for name in ('fall', 'walk') for place in range(1, 31)]
    groups = groups_from(None, paths)
    assert len(set(groups)) == 20
    assert {groups[paths.index(f'fall/{place}.mp4')] for place in (1, 2, 3)} == {'fall/1.mp4 … fall/3.mp4'}
    _, test = split_by_groups([Entry(path, int(path.startswith('fall'))) for path in paths], groups)
    assert Counter(entry.label for entry in test) == {0: 6, 1: 6}


def test_groups_are_given_by_expression_or_file(tmp_path: Path):
    paths = ['a/x_s1_0.mp4', 'b/y_s2_0.mp4']
    assert groups_from('_(s[0-9])_', paths) == ['s1', 's2']
    file = tmp_path / 'groups.csv'
    file.write_text('path,group\na/x_s1_0.avi,left\nb/y_s2_0.mp4,"right, far"\n')
    assert groups_from(str(file), paths) == ['left', 'right, far']
    file.write_text('a/x_s1_0.avi,left\n')
    for spec, message in (
        ('(', 'not a regular expression'),
        ('s[0-9]', 'no brackets'),
        ('(s1)', r'1 of 2 videos have no group, such as b/y_s2_0\.mp4'),
        (str(file), '1 of 2 videos have no group'),
        (str(tmp_path / 'none.csv'), 'no such file'),
    ):
        with pytest.raises(GroupsError, match=message):
            groups_from(spec, paths)
