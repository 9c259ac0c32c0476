"""Lists: what is read, and what is refused with file, line and remedy."""

import pickle

import pytest

from cmvl_mm.datasets.annotation import AnnotationError, Entry, parse_line, path_inside, read_list


@pytest.mark.parametrize(
    ('line', 'entry'),
    [
        ('a/b.mp4 3', Entry('a/b.mp4', 3)),
        ('a/b.mp4', Entry('a/b.mp4', None)),
        ('my class/a b.mp4 12\n', Entry('my class/a b.mp4', 12)),
        ('my class/a b.mp4', Entry('my class/a b.mp4', None)),
        ('clip 12.mp4   4', Entry('clip 12.mp4', 4)),
    ],
)
def test_lines(line, entry):
    assert parse_line(line) == entry


@pytest.mark.parametrize(
    'line',
    [
        '/etc/passwd 0',
        '../../etc/passwd 0',
        'a/../../b.mp4',
        'a\0b.mp4 1',
        'a\rb.mp4 1',
        'a\u2028b.mp4 1',
        'a\tb.mp4 1',
        '$(touch x).mp4 1',
        '`touch x`.mp4',
        'a|b.mp4',
        'a>b 3',
        '*.mp4 0',
        'a\\b.mp4 0',
        '7',
    ],
)
def test_refused_lines_name_list_and_line(line, tmp_path):
    ann_file = tmp_path / 'list.txt'
    ann_file.write_bytes(f'fine.mp4 0\n{line}\n'.encode())
    with pytest.raises(AnnotationError, match=r'list\.txt, line 2'):
        read_list(ann_file, 'optional')


def test_the_official_names_are_taken_as_they_are(shared):
    """HMDB51's hold each of ;&()[]!#~ and more."""
    lists = list((shared / 'data' / 'splits' / 'hmdb51').glob('*_test_split*.txt'))
    names = {words[0] for path in lists for line in path.read_text().splitlines() if (words := line.split())}
    assert len(names) == 6766
    assert {parse_line(f'{name} 1') for name in names} == {Entry(name, 1) for name in names}


@pytest.mark.parametrize('ending', ['\n', '\r\n'])
def test_line_ends_of_either_kind(tmp_path, ending):
    (tmp_path / 'list.txt').write_bytes(ending.join(['a.mp4 0', 'b b.mp4 1', '']).encode())
    assert read_list(tmp_path / 'list.txt', 'required') == [Entry('a.mp4', 0), Entry('b b.mp4', 1)]


@pytest.mark.parametrize('name', ['list.pkl', 'list.pickle', 'list.yaml', 'list.yml', 'list.json', 'list.PKL'])
def test_lists_are_text_files(tmp_path, name):
    (tmp_path / name).write_text('a.mp4 0\n')
    with pytest.raises(AnnotationError, match=rf'{name}: \.\w+ files are not read as lists\. Remedy'):
        read_list(tmp_path / name, 'optional')


def test_what_is_no_text_is_no_list(tmp_path):
    (tmp_path / 'list.txt').write_bytes(pickle.dumps(['a.mp4']))
    with pytest.raises(AnnotationError, match=r'list\.txt: this is no text: byte 0 is not UTF-8\. Remedy'):
        read_list(tmp_path / 'list.txt', 'optional')


def test_unlabelled_line_where_labels_are_required(tmp_path):
    ann_file = tmp_path / 'list.txt'
    ann_file.write_text('a.mp4 0\n\nb.mp4\n')
    with pytest.raises(AnnotationError, match=r"line 3: 'b\.mp4' has no label"):
        read_list(ann_file, 'required')
    assert read_list(ann_file, 'optional') == [Entry('a.mp4', 0), Entry('b.mp4', None)]


def test_missing_and_empty_lists(tmp_path):
    with pytest.raises(AnnotationError, match='no such list'):
        read_list(tmp_path / 'none.txt', 'optional')
    (tmp_path / 'empty.txt').write_text('\n')
    with pytest.raises(AnnotationError, match='empty'):
        read_list(tmp_path / 'empty.txt', 'optional')


def test_symbolic_link_out_of_the_root_is_refused(tmp_path):
    root, outside = tmp_path / 'root', tmp_path / 'outside'
    root.mkdir()
    outside.mkdir()
    (outside / 'secret.mp4').touch()
    (root / 'link').symlink_to(outside)
    (root / 'inside.mp4').touch()
    with pytest.raises(AnnotationError, match='leads out of the root'):
        path_inside(str(root), 'link/secret.mp4')
    assert path_inside(str(root), 'inside.mp4') == str(root / 'inside.mp4')
