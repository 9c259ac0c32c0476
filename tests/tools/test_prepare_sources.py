"""Which files of a folder or list are prepared, under which names; whatever is left out is named with the reason."""

import errno
import json
import os
import unicodedata
from contextlib import suppress

import pytest
from av import ContainerFormat

from cmvl_mm.prepare.sources import find_in_folder, find_in_list
from cmvl_mm.prepare.suffixes import _NO_VIDEO, SUFFIXES
from cmvl_mm.video.container import FORMATS


def test_names_that_do_not_fit_a_line_and_links_out_of_the_folder(place, clip, tmp_path):
    root = tmp_path / 'root'
    long = 'n' * 247 + '.mp4'  # fits the file system, but not with the suffix of an unfinished file
    place(root, clip, 'good name.mp4', 'two\nlines.mp4', ' leading.mp4', 'tab\tbed.mp4', 'line\u2028end.mp4', long)
    (root / os.fsdecode(b'latin\xe9.mp4')).write_bytes(clip)
    place(tmp_path, clip, 'outside/secret.mp4')
    (root / 'link.mp4').symlink_to(tmp_path / 'outside' / 'secret.mp4')
    (root / 'folder').symlink_to(tmp_path / 'outside')
    (root / 'inner.mp4').symlink_to(root / 'good name.mp4')
    listing = find_in_folder(root)
    assert [source.target for source in listing.sources] == ['good name.mp4', 'inner.mp4']
    assert listing.not_taken == {'link to a folder': ('folder',)}
    reasons = {
        'link.mp4': 'leads out',
        'latin\\udce9.mp4': 'the byte 0xe9, but lists must be UTF-8',
        'two\\nlines.mp4': 'U+000A',
        'tab\\tbed.mp4': 'U+0009',
        'line\\u2028end.mp4': 'U+2028',
        ' leading.mp4': 'starts or ends with a space',
        long: '251 bytes',
    }
    assert len(listing.refused) == len(reasons)
    assert [path for path, reason in listing.refused if reasons[path] not in reason] == []
    json.dumps(listing.refused, ensure_ascii=False).encode()


def test_a_folder_is_searched_for_all_that_the_reader_reads_and_the_rest_is_counted(place, clip, tmp_path):
    kinds = 'gif m2v dv mxf hevc 3g2 f4v divx mpe rmvb MP4 qt mpg ogv wmv webm ts m2ts vob 264 ivf'
    kinds = kinds.split()
    place(tmp_path, clip, *(f'a/{kind}.{kind}' for kind in kinds), 'a/.hidden.mp4', 'a/._not_apple.mp4', '._b/b.mp4')
    place(tmp_path, b'', 'a/.DS_Store', 'a/list.txt', 'a/b/list.TXT', 'a/c.m4a', 'a/mp4', 'a/.mp4', 'a/d.mp4.part')
    place(tmp_path, b'\x00\x05\x16\x07\x00\x02\x00\x00', 'a/._avi.avi', '__MACOSX/a/._gif.gif')
    (tmp_path / 'a' / 'folder.mp4').mkdir()
    (tmp_path / 'loop').symlink_to(tmp_path)
    listing = find_in_folder(tmp_path)
    names = [*(f'{kind}.{kind}' for kind in kinds), '.hidden.mp4', '._not_apple.mp4']
    assert {source.path for source in listing.sources} == {f'a/{name}' for name in names} | {'._b/b.mp4'}
    assert listing.not_taken == {
        'no suffix': ('a/.DS_Store', 'a/.mp4', 'a/mp4'),
        '.txt': ('a/b/list.TXT', 'a/list.txt'),
        '.m4a': ('a/c.m4a',),
        '.part': ('a/d.mp4.part',),
        'AppleDouble': ('__MACOSX/a/._gif.gif', 'a/._avi.avi'),
        'link to a folder': ('loop',),
    }
    assert listing.refused == listing.unread == ()


def test_suffixes_are_those_of_the_accepted_containers():
    named = {f'.{suffix}' for name in FORMATS.split(',') for suffix in named_by_ffmpeg(name)}
    assert named - SUFFIXES == {f'.{name}' for name in _NO_VIDEO.split()} & named
    assert {'.mp4', '.mkv', '.avi', '.mpg', '.ts'} <= SUFFIXES


def named_by_ffmpeg(name):
    found = set()
    for mode in 'rw':
        with suppress(ValueError):
            found |= ContainerFormat(name, mode).extensions
    return found


def test_folders_that_cannot_be_read_are_named(place, clip, tmp_path, monkeypatch):
    place(tmp_path, clip, 'open/a.mp4', 'shut/b.mp4')
    scandir = os.scandir

    def guarded(path):
        if os.path.basename(path) in shut:
            raise PermissionError(errno.EACCES, 'Permission denied', path)
        return scandir(path)

    monkeypatch.setattr(os, 'scandir', guarded)  # who runs the tests may be allowed to read all
    shut = {'shut'}
    listing = find_in_folder(tmp_path)
    assert [source.path for source in listing.sources] == ['open/a.mp4']
    assert listing.unread == (('shut', 'Permission denied'),)
    shut = {tmp_path.name}
    with pytest.raises(PermissionError):
        find_in_folder(tmp_path)


def test_lines_that_repeat_contradict_or_nearly_name_a_video(place, clip, tmp_path):
    place(tmp_path, clip, 'a.mp4', 'b.mp4', unicodedata.normalize('NFD', 'é.mp4'))
    text = '\ufeffa.mp4\t1\r\n./a.mp4 1\r\na.mp4 2\r\nb.mp4,3\r\né.mp4 4\r\ngone.mp4 5\r\nb.mp4\tx\r\n'
    (tmp_path / 'list.txt').write_text(unicodedata.normalize('NFC', text), newline='')
    listing = find_in_list(tmp_path / 'list.txt', tmp_path)
    assert [(source.path, source.label) for source in listing.sources] == [('a.mp4', 1), ('gone.mp4', 5)]
    assert [(path, reason) for path, reason in listing.refused] == [
        ('a.mp4', 'line 3 has the label 2, an earlier line 1'),
        ('b.mp4\\tx', 'a tab is allowed only before the label, a whole number'),
        (
            'b.mp4,3',
            'there is no such file; a comma does not separate: write a space or a tab before the label 3',
        ),
        (
            'é.mp4',
            "there is no such file; 'e\\u0301.mp4' looks the same but is spelled differently (Unicode normalisation)",
        ),
    ]


def test_classes_are_the_innermost_folders(place, clip, tmp_path):
    place(tmp_path, clip, 'train/run/a.mp4', 'test/run/b.mp4', 'train/jump/c.mp4')
    listing = find_in_folder(tmp_path)
    assert listing.classes == ('jump', 'run')
    assert {source.path: source.label for source in listing.sources} == {
        'train/run/a.mp4': 1,
        'test/run/b.mp4': 1,
        'train/jump/c.mp4': 0,
    }
    place(tmp_path, clip, 'loose.mp4')
    listing = find_in_folder(tmp_path)
    assert listing.classes == ()
    assert {source.label for source in listing.sources} == {None}


def test_targets_of_one_name_are_told_apart_by_the_folder_not_the_list(place, clip, tmp_path):
    place(tmp_path, clip, 'a.avi', 'a.mkv', 'a.avi.mp4', 'b.avi')
    listing = find_in_folder(tmp_path)
    assert {source.path: source.target for source in listing.sources} == {
        'a.avi': 'a.avi.mp4',
        'a.mkv': 'a.mkv.mp4',
        'b.avi': 'b.mp4',
    }
    assert [path for path, _ in listing.refused] == ['a.avi.mp4']
    (tmp_path / 'one.txt').write_text('a.mkv\n')
    assert [source.target for source in find_in_list(tmp_path / 'one.txt', tmp_path).sources] == ['a.mkv.mp4']
