"""Official lists are known by their bytes and numbers; others are refused unless they are said to be the user's own."""

import hashlib
import shutil

import pytest

from cmvl_mm.prepare.list_parsers import ListError
from cmvl_mm.prepare.official import DATASETS, known_hashes, read_dataset_lists


@pytest.mark.parametrize(('dataset', 'videos'), [('ucf101', 13320), ('hmdb51', 5100)])
def test_the_official_lists_pass_and_are_whole(shared, dataset, videos):
    lists = read_dataset_lists(dataset, shared / 'data' / 'splits' / dataset, origin='official')
    assert list(lists.parts) == [f'{part}_split{number}' for number in (1, 2, 3) for part in ('train', 'test')]
    assert len(lists.classes) == DATASETS[dataset].num_classes
    assert lists.check == 'sha256 and numbers of videos are the official ones'
    for number in (1, 2, 3):
        train, test = (lists.parts[f'{part}_split{number}'] for part in ('train', 'test'))
        assert len({entry.path for entry in train + test}) == len(train) + len(test) == videos
        for entries in (train, test):
            assert {entry.label for entry in entries} == set(range(len(lists.classes)))
        assert all(lists.classes[e.label] == e.path.split('/')[0] for e in train)
        if dataset == 'hmdb51':  # 70 and 30 of each class
            assert {sum(entry.label == label for entry in train) for label in range(51)} == {70}
            assert {sum(entry.label == label for entry in test) for label in range(51)} == {30}


def test_each_known_hash_is_that_of_its_file(shared):
    for dataset, count in (('ucf101', 7), ('hmdb51', 51 * 3)):
        hashes = known_hashes(dataset)
        assert len(hashes) == count
        for name, expected in hashes.items():
            path = shared / 'data' / 'splits' / dataset / name
            assert hashlib.sha256(path.read_bytes()).hexdigest() == expected
    assert known_hashes('kinetics400') == {}


def test_a_changed_list_is_named_with_numbers_and_hashes(shared, tmp_path):
    folder = tmp_path / 'lists'
    shutil.copytree(shared / 'data' / 'splits' / 'ucf101', folder)
    folder.chmod(0o755)
    changed = folder / 'testlist02.txt'
    text = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(text[text.index(b'\n') + 1 :])  # one video less
    found = hashlib.sha256(changed.read_bytes()).hexdigest()
    with pytest.raises(ListError) as caught:
        read_dataset_lists('ucf101', folder, origin='official')
    message = str(caught.value)
    assert 'split 2: 9586 training and 3733 test videos, expected 9586 and 3734' in message
    assert f'testlist02.txt: sha256 {found}, expected {known_hashes("ucf101")["testlist02.txt"]}' in message
    assert 'testlist01.txt' not in message
    assert '--own-lists' in message
    own = read_dataset_lists('ucf101', folder, origin='own')
    assert len(own.parts['test_split2']) == 3733
    assert own.check == 'not checked: own lists'


def test_line_ends_count(shared, tmp_path):
    for path in (shared / 'data' / 'splits' / 'ucf101').iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b'\r\n', b'\n'))
    with pytest.raises(ListError, match=r'classInd\.txt: sha256') as caught:
        read_dataset_lists('ucf101', tmp_path, origin='official')
    assert 'split 1' not in str(caught.value)  # the numbers are right


def test_of_kinetics_the_classes_are_counted_and_no_checksum_is_claimed(tmp_path):
    header = 'label,youtube_id,time_start,time_end,split\n'
    rows = [f'class {number:03d},id{number:09d},0,10,train\n' for number in range(400)]
    (tmp_path / 'val.csv').write_text(header)
    (tmp_path / 'train.csv').write_text(header + ''.join(rows))
    lists = read_dataset_lists('kinetics400', tmp_path, origin='official')
    assert lists.check == 'sha256 not checked: no official value is known'
    assert list(lists.parts) == ['train', 'val']
    with pytest.raises(ListError, match='400 classes, expected 600'):
        read_dataset_lists('kinetics600', tmp_path, origin='official')
    assert read_dataset_lists('kinetics600', tmp_path, origin='own').classes == lists.classes
