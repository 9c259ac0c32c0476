"""Lists: what is read, whoever wrote them, and what is refused with file, line, a true reason and a remedy."""

import codecs
import pickle
import sys
import unicodedata

import pytest
from mmaction.datasets import VideoDataset

from cmvl_mm.datasets.annotation import AnnotationError, Entry, parse_line, path_inside, read_list
from cmvl_mm.datasets.list_file import format_line, name_fault

ENTRIES = [Entry('a.mp4', 0), Entry('my class/b 12.mp4', 12), Entry('no\u00a0break\u3000x\u202f.mp4', 3)]
PLAIN = ['a.mp4 0', 'my class/b 12.mp4 12', 'no\u00a0break\u3000x\u202f.mp4 3']


@pytest.mark.parametrize(
    'text',
    [
        '\n'.join([*PLAIN, '']),
        '\n'.join(PLAIN),
        '\r\n'.join([*PLAIN, '']),
        '\r\r\n'.join([*PLAIN, '']),  # a text written as text twice
        '\n'.join('\t'.join(line.rsplit(' ', 1)) for line in PLAIN),
        '\n'.join(' \t' + ' \t  '.join(line.rsplit(' ', 1)) + ' \t' for line in PLAIN),
        '\n'.join(['', PLAIN[0], ' \t', '\r', *PLAIN[1:], '']),
    ],
    ids=['plain', 'no last line end', 'CR LF', 'CR CR LF', 'tabs', 'blanks', 'blank lines'],
)
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16-le', 'utf-16-be'])
def test_a_list_of_any_program_is_read(tmp_path, text, encoding):
    mark = {'utf-16-le': codecs.BOM_UTF16_LE, 'utf-16-be': codecs.BOM_UTF16_BE}.get(encoding, b'')
    (tmp_path / 'list.txt').write_bytes(mark + text.encode(encoding))
    assert read_list(tmp_path / 'list.txt', 'required') == ENTRIES


@pytest.mark.parametrize(
    ('line', 'entry'),
    [
        ('a/b.mp4', Entry('a/b.mp4', None)),
        ('my class/a b.mp4 12\n', Entry('my class/a b.mp4', 12)),
        ('my class/a b.mp4', Entry('my class/a b.mp4', None)),
        ('7 0', Entry('7', 0)),
        ('a.mp4,3', Entry('a.mp4,3', None)),  # a comma separates nothing
        ('a.mp4 \u0663', Entry('a.mp4 \u0663', None)),  # a digit, but not an ASCII one
        ('a.mp4 -1', Entry('a.mp4 -1', None)),
    ],
)
def test_lines(line, entry):
    assert parse_line(line) == entry


def odd_characters():
    """All spaces, joiners, marks, controls and line breaks, and one each of letters, private and unassigned ones."""
    kinds = {'Zs', 'Zl', 'Zp', 'Cf', 'Cc'}
    return [c for c in map(chr, range(sys.maxunicode)) if unicodedata.category(c) in kinds] + ['é', '\ue000', '\u0378']


def test_names_with_every_character_that_fits_a_line_are_written_and_read_back(tmp_path):
    names = [name for c in odd_characters() for name in (f'{c}a.mp4', f'a{c}b.mp4', f'x/a.mp4{c}')]
    breaks = {c for c in map(chr, range(sys.maxunicode)) if unicodedata.category(c) in {'Cc', 'Zl', 'Zp'}}
    refused = {name for name in names if breaks & set(name)} | {' a.mp4', 'x/a.mp4 ', '\ufeffa.mp4'}
    assert {name for name in names if name_fault(name)} == refused
    entries = [Entry(name, label) for label, name in enumerate(names) if name not in refused]
    assert len(entries) > 400
    path = tmp_path / 'list.txt'
    path.write_text(''.join(map(format_line, entries)), encoding='utf-8')
    assert read_list(path, 'required') == entries
    # MMAction2's own reader: U+0020 separates, and a space of any kind is stripped from the ends of a line.
    stock = [entry for entry in entries if ' ' not in entry.path and entry.path == entry.path.lstrip()]
    path.write_text(''.join(map(format_line, stock)), encoding='utf-8')
    listed = VideoDataset(str(path), pipeline=[], data_prefix=dict(video='')).load_data_list()
    assert [Entry(item['filename'], item['label']) for item in listed] == stock
    assert len(stock) > 400


@pytest.mark.parametrize('form', ['NFC', 'NFD'])
def test_both_spellings_of_a_letter_stay_what_they_are(form):
    name = unicodedata.normalize(form, 'Übung/Übung.mp4')
    assert parse_line(format_line(Entry(name, 1))) == Entry(name, 1)


def test_an_entry_that_would_be_read_otherwise_is_not_written():
    for entry in (Entry('clip 12', None), Entry('7', None), Entry(' a.mp4', 1), Entry('a\nb.mp4', 1)):
        with pytest.raises(ValueError, match=r'clip|refused|written'):
            format_line(entry)


@pytest.mark.parametrize(
    ('line', 'reason'),
    [
        ('/data/clip.mp4 0', 'leads out of the root'),
        ('../clip.mp4 0', 'leads out of the root'),
        ('a/../../b.mp4', 'leads out of the root'),
        ('a\0b.mp4 1', r'U\+0000.* save the list as UTF-8'),
        ('a\rb.mp4 1', r'U\+000D.* line feed'),
        ('a\u2028b.mp4 1', r'U\+2028'),
        ('a\x85b.mp4 1', r'U\+0085'),
        ('a\tb.mp4 1', 'tab is allowed only before the label'),
        ('a.mp4\tWalk', 'tab is allowed only before the label'),
        ('a.mp4\t120\t3', 'tab is allowed only before the label'),
        ('$(x).mp4 1', r'\$, which a shell'),
        ('a|b.mp4', r'\|, which a shell'),
        ('*.mp4 0', r'\*, which a shell'),
        ('a\\b.mp4 0', 'write "/" between folders'),
        ('\ufeff\ufeffa.mp4 0', r'U\+FEFF'),
        ('7', 'a label but no path'),
        (f'a.mp4 {"9" * 5000}', '5000 digits'),
    ],
)
def test_refused_lines_name_list_line_and_the_true_reason(line, reason, tmp_path):
    ann_file = tmp_path / 'list.txt'
    ann_file.write_bytes(f'fine.mp4 0\n{line}\n'.encode())
    with pytest.raises(AnnotationError, match=rf'(?s)list\.txt, line 2: .*{reason}'):
        read_list(ann_file, 'optional')


def test_the_official_names_are_taken_as_they_are(shared):
    """HMDB51's hold each of ;&()[]!#~ and more."""
    lists = list((shared / 'data' / 'splits' / 'hmdb51').glob('*_test_split*.txt'))
    names = {words[0] for path in lists for line in path.read_text().splitlines() if (words := line.split())}
    assert len(names) == 6766
    assert {parse_line(f'{name} 1') for name in names} == {Entry(name, 1) for name in names}


@pytest.mark.parametrize('name', ['list.pkl', 'list.pickle', 'list.yaml', 'list.yml', 'list.json', 'list.PKL'])
def test_lists_are_text_files(tmp_path, name):
    (tmp_path / name).write_text('a.mp4 0\n')
    with pytest.raises(AnnotationError, match=rf'{name}: a \.\w+ file cannot be a list\. Remedy'):
        read_list(tmp_path / name, 'optional')


def test_what_is_no_text_is_no_list(tmp_path):
    (tmp_path / 'list.txt').write_bytes(pickle.dumps(['a.mp4']))
    with pytest.raises(AnnotationError, match=r'list\.txt: this is not text: byte 0 is not UTF-8\. Remedy'):
        read_list(tmp_path / 'list.txt', 'optional')


@pytest.mark.parametrize('line', ['b.mp4', 'b.mp4,3', 'b.mp4 Walk'])
def test_unlabelled_line_where_labels_are_required(tmp_path, line):
    ann_file = tmp_path / 'list.txt'
    ann_file.write_text(f'a.mp4 0\n\n{line}\n')
    with pytest.raises(AnnotationError, match=rf"line 3: '{line}' has no label\. Remedy: .*not a comma"):
        read_list(ann_file, 'required')
    assert read_list(ann_file, 'optional') == [Entry('a.mp4', 0), Entry(line, None)]


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
