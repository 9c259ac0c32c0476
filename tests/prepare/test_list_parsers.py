"""The official lists: their known sizes, and lines a person can check."""

import pytest

from cmvl_mm.datasets.annotation import Entry
from cmvl_mm.prepare.list_parsers import ListError, read_hmdb51, read_kinetics, read_ucf101

HEADER = 'label,youtube_id,time_start,time_end,split'


def test_ucf_labels_follow_the_official_order(shared):
    folder = shared / 'data' / 'splits' / 'ucf101'
    official = [int(line.split()[1]) - 1 for line in (folder / 'trainlist01.txt').read_text().splitlines()]
    assert [entry.label for entry in read_ucf101(folder, 1).train] == official


def test_lists_that_are_missing_or_there_twice_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='classInd'):
        read_ucf101(tmp_path, 1)
    with pytest.raises(FileNotFoundError, match='_test_split2'):
        read_hmdb51(tmp_path, 2)
    write(tmp_path, train_csv=f'{HEADER}\n')
    with pytest.raises(FileNotFoundError, match=r'val.csv or validate.csv'):
        read_kinetics(tmp_path)
    write(tmp_path, val_csv=f'{HEADER}\n', validate_csv=f'{HEADER}\n')
    with pytest.raises(ListError, match='both'):
        read_kinetics(tmp_path)


def write(folder, **lists):
    for name, text in lists.items():
        (folder / name.replace('_csv', '.csv').replace('_txt', '.txt')).write_text(text)


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16'])
def test_lists_that_went_through_other_programs(tmp_path, encoding):
    """With a byte-order mark, tabs, and names that hold spaces."""
    texts = {
        'classInd.txt': '1 Archery\r\n2\tTai Chi\r\n',
        'trainlist01.txt': 'Archery/v 1.avi\t1\r\n',
        'testlist01.txt': 'Tai Chi/v\u00a02.avi\r\n',
        'run_test_split1.txt': 'a b.avi\t 1\r\n',
        'train.csv': f'{HEADER}\r\ntai chi,id,0,10,train\r\n',
        'val.csv': f'{HEADER}\r\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode(encoding))
    split = read_ucf101(tmp_path, 1)
    assert (split.classes, split.train, split.test) == (
        ['Archery', 'Tai Chi'],
        [Entry('Archery/v 1', 0)],
        [Entry('Tai Chi/v\u00a02', 1)],
    )
    assert read_hmdb51(tmp_path, 1).train == [Entry('run/a b', 0)]
    assert read_kinetics(tmp_path).train == [Entry('id_000000_000010', 0)]


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('classInd.txt', b'\xff1 a\n', 'classInd.txt: this is not text'),
        ('trainlist01.txt', b'a/v.avi\tb\t1\n', 'trainlist01.txt, line 1: .*tab'),
        ('train.csv', b'\xe9', 'train.csv: this is not text'),
    ],
)
def test_lists_that_cannot_be_read_are_named(tmp_path, name, text, message):
    write(tmp_path, classInd_txt='1 a\n', trainlist01_txt='', testlist01_txt='', train_csv='', val_csv='')
    (tmp_path / name).write_bytes(text)
    with pytest.raises(ListError, match=message):
        read_kinetics(tmp_path) if name == 'train.csv' else read_ucf101(tmp_path, 1)


def test_ucf_class_names_may_differ_in_case(tmp_path):
    write(
        tmp_path,
        classInd_txt='2 HandstandPushups\r\n1 Archery\r\n\r\n',
        trainlist01_txt='HandStandPushups/v_HandStandPushups_g01_c01.avi 2\r\n',
        testlist01_txt='Archery/v_Archery_g01_c01.avi\r\n',
    )
    split = read_ucf101(tmp_path, 1)
    assert split.train == [Entry('HandStandPushups/v_HandStandPushups_g01_c01', 1)]
    assert split.test == [Entry('Archery/v_Archery_g01_c01', 0)]
    assert split.classes == ['Archery', 'HandstandPushups']


@pytest.mark.parametrize(
    ('line', 'message'),
    [('Boxing/v.avi 1', "trainlist01.txt, line 2: the class of 'Boxing/v.avi'"), ('b/v.avi 1', 'is of class 2, not 1')],
)
def test_ucf_lines_that_contradict_the_classes(tmp_path, line, message):
    write(tmp_path, classInd_txt='1 a\n2 b\n', trainlist01_txt=f'a/v.avi 1\n{line}\n', testlist01_txt='a/w.avi\n')
    with pytest.raises(ListError, match=message):
        read_ucf101(tmp_path, 1)


def test_hmdb_flags(tmp_path):
    write(tmp_path, walk_test_split1_txt='c.avi 1\nd.avi 2 \n', run_test_split1_txt='a.avi 2\nunused.avi 0\n\n')
    split = read_hmdb51(tmp_path, 1)
    assert (split.train, split.test) == ([Entry('walk/c', 1)], [Entry('run/a', 0), Entry('walk/d', 1)])
    write(tmp_path, run_test_split1_txt='a.avi 3\n')
    with pytest.raises(ListError, match=r'run_test_split1.txt, line 1: .* 0, 1 or 2'):
        read_hmdb51(tmp_path, 1)


def test_kinetics_names_and_labels(tmp_path):
    write(
        tmp_path,
        train_csv=f'{HEADER},is_cc\ntai chi,-0abc_DEF12,7,17,train,0\n"a, b",zzzzzzzzzzz,120,130,train,1\n',
        validate_csv=f'{HEADER}\nabseiling,yyyyyyyyyyy,0,10,validate\n',
    )
    split = read_kinetics(tmp_path)
    assert split.classes == ['a, b', 'abseiling', 'tai chi']
    assert split.train == [Entry('-0abc_DEF12_000007_000017', 2), Entry('zzzzzzzzzzz_000120_000130', 0)]
    assert split.test == [Entry('yyyyyyyyyyy_000000_000010', 1)]


@pytest.mark.parametrize(
    ('train', 'message'),
    [
        (f'{HEADER}\nrun,id,0,10,val\n', "train.csv, line 2: the split is 'val'"),
        (f'{HEADER}\nrun,id,0.5,10,train\n', 'line 2: expected label, id and whole seconds, found'),
        (f'{HEADER}\nrun,id\n', 'line 2: expected label, id and whole seconds, found'),
        ('label,youtube_id\nrun,id\n', "column 'time_start' is missing"),
    ],
)
def test_kinetics_lines_of_another_form(tmp_path, train, message):
    write(tmp_path, train_csv=train, val_csv=f'{HEADER}\n')
    with pytest.raises(ListError, match=message):
        read_kinetics(tmp_path)
