"""Entries find their files by name, in any layout; what fits twice, or not at all, is refused."""

import pytest

from cmvl_mm.datasets.annotation import Entry, read_list
from cmvl_mm.prepare.list_parsers import ListError
from cmvl_mm.prepare.matching import check_classes, match, write_dataset_lists
from cmvl_mm.prepare.official import DatasetLists
from cmvl_mm.prepare.source_list import Source


def sources(*paths):
    return [Source(path, path.rpartition('.')[0] + '.mp4', None) for path in paths]


UCF = DatasetLists(
    'ucf101',
    ['Archery', 'HandstandPushups'],
    {
        'train_split1': [
            Entry('HandstandPushups/v_HandStandPushups_g01_c01', 1),
            Entry('Archery/v_Archery_g01_c01', 0),
        ],
        'test_split1': [Entry('Archery/v_Archery_g02_c01', 0), Entry('Archery/v_Archery_g03_c01', 0)],
    },
    'checked',
)
KINETICS = DatasetLists(
    'kinetics400',
    ['tai chi', 'yoga'],
    {'train': [Entry('abcdefghijk_000007_000017', 0)], 'val': [Entry('ABCDEFGHIJK_000007_000017', 1)]},
    'not checked',
)


@pytest.mark.parametrize('folder', ['HandStandPushups/', 'HandstandPushups/', 'UCF-101/handstandpushups/', ''])
def test_ucf_folders_and_files_differ_in_case(folder):
    found = sources(f'{folder}v_HandstandPushups_g01_c01.avi', 'Archery/v_Archery_g02_c01.avi', 'Archery/new.avi')
    matched = match(found, UCF)
    assert matched.parts == {
        'train_split1': [Entry(f'{folder}v_HandstandPushups_g01_c01.mp4', 1)],
        'test_split1': [Entry('Archery/v_Archery_g02_c01.mp4', 0)],
    }
    assert matched.missing == ['Archery/v_Archery_g01_c01', 'Archery/v_Archery_g03_c01']
    assert matched.unlisted == ['Archery/new.avi']


@pytest.mark.parametrize('layout', ['train/tai chi/{}', 'train/{}', '{}'])
def test_kinetics_is_found_in_both_layouts_and_ids_keep_their_case(layout):
    name = layout.format('abcdefghijk_000007_000017')
    matched = match(sources(f'{name}.mp4'), KINETICS)
    assert matched.parts == {'train': [Entry(f'{name}.mp4', 0)], 'val': []}
    assert matched.missing == ['ABCDEFGHIJK_000007_000017']


def test_a_video_that_is_there_twice_and_another_data_set_are_refused():
    twice = sources('train/abcdefghijk_000007_000017.mp4', 'val/abcdefghijk_000007_000017.mkv', 'a/x.mp4', 'b/x.mp4')
    with pytest.raises(ListError, match=r'^1 videos .* train/abc.*\.mp4 and val/abc.*\.mkv\. Remedy'):
        match(twice, KINETICS)
    with pytest.raises(ListError, match=r'none of the 1 videos is on a list of kinetics400'):
        match(sources('Archery/v_Archery_g02_c01.avi'), KINETICS)


def test_lists_hold_what_is_ready_and_can_be_read(tmp_path):
    found = sources('tai chi/abcdefghijk_000007_000017.mp4', 'yoga/ABCDEFGHIJK_000007_000017.mp4')
    matched = match(found, KINETICS)
    counts = write_dataset_lists(matched, tmp_path, ready={found[0].target})
    assert counts == {'train.txt': (1, 1), 'val.txt': (0, 1)}
    assert read_list(tmp_path / 'train.txt', 'required') == [Entry(found[0].target, 0)]
    assert (tmp_path / 'val.txt').read_text() == ''
    assert (tmp_path / 'classes.txt').read_text() == 'tai chi\nyoga\n'
    check_classes(matched, tmp_path)
    (tmp_path / 'classes.txt').write_bytes(b'\xef\xbb\xbftai chi\r\nyoga\r\n')  # by another editor
    check_classes(matched, tmp_path)
    (tmp_path / 'classes.txt').write_text('other\n')
    with pytest.raises(ListError, match='contains other classes'):
        check_classes(matched, tmp_path)
