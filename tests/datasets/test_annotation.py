"""Lists: what is read, and what is refused with file, line and remedy."""

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


@pytest.mark.parametrize('line', ['/etc/passwd 0', '../../etc/passwd 0', 'a/../../b.mp4', 'a\0b.mp4 1', '7'])
def test_refused_lines_name_list_and_line(line, tmp_path):
    ann_file = tmp_path / 'list.txt'
    ann_file.write_text(f'fine.mp4 0\n{line}\n')
    with pytest.raises(AnnotationError, match=r'list\.txt, line 2'):
        read_list(ann_file, 'optional')


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
