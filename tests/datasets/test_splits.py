"""The official lists: their known sizes, and lines a person can check."""

import sys

import pytest

from cmvl_mm.datasets.annotation import Entry, read_list
from cmvl_mm.datasets.splits import read_split

SIZES = {
    ('ucf101', 1): (9537, 3783),
    ('ucf101', 2): (9586, 3734),
    ('ucf101', 3): (9624, 3696),
    ('hmdb51', 1): (3570, 1530),
    ('hmdb51', 2): (3570, 1530),
    ('hmdb51', 3): (3570, 1530),
}


@pytest.mark.parametrize(('dataset', 'number'), SIZES)
def test_sizes_of_the_official_splits(shared, dataset, number):
    split = read_split(dataset, shared / 'data' / 'splits' / dataset, number)
    assert (len(split.train), len(split.test)) == SIZES[dataset, number]
    assert not set(split.train) & set(split.test)
    labels = {entry.label for entry in split.train}
    assert labels == {entry.label for entry in split.test} == set(range(len(split.classes)))
    assert all(split.classes[entry.label] == entry.path.split('/')[0] for entry in split.train)


def test_ucf_labels_follow_the_official_order(shared):
    folder = shared / 'data' / 'splits' / 'ucf101'
    official = [int(line.split()[1]) - 1 for line in (folder / 'trainlist01.txt').read_text().splitlines()]
    assert [entry.label for entry in read_split('ucf101', folder, 1).train] == official


def test_missing_lists_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='classInd'):
        read_split('ucf101', tmp_path, 1)
    with pytest.raises(FileNotFoundError, match='_test_split2'):
        read_split('hmdb51', tmp_path, 2)


def test_tool_writes_what_the_configs_read(repository, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(repository / 'tools'))
    import make_lists

    lists, videos = tmp_path / 'lists', tmp_path / 'data' / 'videos'
    for name in ('run/a.mp4', 'run/b.mp4', 'walk/c.mp4'):
        (videos / name).parent.mkdir(parents=True, exist_ok=True)
        (videos / name).touch()
    lists.mkdir()
    (lists / 'run_test_split1.txt').write_text('a.avi 1\nb.avi 2 \nunused.avi 0\n')
    (lists / 'walk_test_split1.txt').write_text('c.avi 1\ngone.avi 2\n')
    monkeypatch.setattr(sys, 'argv', ['make_lists.py', 'hmdb51', str(lists), str(videos)])
    make_lists.main()
    assert read_list(tmp_path / 'data' / 'train_split1.txt', 'required') == [
        Entry('run/a.mp4', 0),
        Entry('walk/c.mp4', 1),
    ]
    assert read_list(tmp_path / 'data' / 'test_split1.txt', 'required') == [Entry('run/b.mp4', 0)]
    assert 'walk/gone.mp4' in capsys.readouterr().out
