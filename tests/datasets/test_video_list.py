"""A list is told from its bytes as `parse_line` tells it line by line, in memory and from its file."""

import hashlib
import os
import pickle
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from cmvl_mm.datasets import list_source
from cmvl_mm.datasets.annotation import AnnotationError, open_list
from cmvl_mm.datasets.list_file import LineError, numbered_lines, parse_line
from cmvl_mm.datasets.list_scan import NO_LABEL
from cmvl_mm.datasets.list_source import ListChanged

PARTS = [
    'a', 'b.mp4', 'c/d', '/', '.', '..', '-', '_', ' ', '  ', '\t', '\r', '\r\n', '\n', '\n\n', '0', '7', '00', '12',
    '9' * 18, '9' * 19, 'é', '\u00a0', '\u0085', '\u3000', '\u2028', '\ufeff', '\uff08', '$', '*', '\\', '\0', '\x7f',
]  # fmt: skip
LIKELY = [
    'a/b.mp4 3\n',
    'h.mp4 05\n',
    'x y.mp4 0\n',
    'é.mp4 12\n',
    'c.mp4\n',
    'd/e.mp4\t4\n',
    'f.mp4 007\r\n',
    '\n',
    ' g.mp4 1 \n',
]


@pytest.fixture
def in_file(monkeypatch):
    """Short lists are read as long ones are, a few bytes at once."""
    monkeypatch.setattr(list_source, 'IN_MEMORY', -1)
    monkeypatch.setattr(list_source, 'BLOCK', 40)


def line_by_line(path, required):
    """What a list holds, or why it cannot be used."""
    entries = []
    try:
        for number, line in numbered_lines(path):
            try:
                entries.append(parse_line(line))
            except LineError as error:
                return f'{path}, line {number}: {error}.'
            if required and entries[-1].label is None:
                return f'{path}, line {number}: {entries[-1].path!r} has no label. Remedy: '
    except ValueError as error:
        return str(error)
    return entries or f'{path}: the list is empty.'


def texts():
    draw = random.Random(0)
    for turn in range(400):
        if turn % 2:
            yield ''.join(draw.choices(PARTS, k=draw.randrange(12))).encode()
        else:
            lines = draw.choices(LIKELY[: draw.randint(1, len(LIKELY))], k=draw.randrange(1, 30))
            odd = ''.join(draw.choices(PARTS, k=4)) if draw.random() < 0.3 else ''
            yield ''.join([*lines, odd]).encode() + (b'\xff' if draw.random() < 0.05 else b'')


@pytest.mark.parametrize('where', ['in memory', 'in its file'])
@pytest.mark.parametrize('labels', ['required', 'optional'])
def test_every_list_is_what_it_is_line_by_line(tmp_path, request, where, labels):
    if where == 'in its file':
        request.getfixturevalue('in_file')
    path, outcomes = tmp_path / 'list.txt', set()
    for text in texts():
        path.write_bytes(text)
        expected = line_by_line(path, labels == 'required')
        outcomes.add(type(expected))
        if isinstance(expected, str):
            with pytest.raises(AnnotationError) as error:
                open_list(path, labels)
            assert str(error.value).startswith(expected), text
            continue
        found = open_list(path, labels)
        assert list(found) == expected, text
        assert [NO_LABEL if label is None else label for _, label in expected] == found.labels.tolist(), text
        digest = hashlib.sha256(''.join(f'{path}\t{label}\n' for path, label in expected).encode()).hexdigest()
        assert found.sha256() == digest == found[:].sha256(), text
        assert len(np.unique(found.path_hashes())) == len({path for path, _ in expected}), text
        number, line = list(numbered_lines(path))[-1]
        assert (found.line_number(-1), parse_line(line)) == (number, expected[-1]), text
    assert outcomes == {str, list}


@pytest.mark.usefixtures('in_file')
def test_some_entries_of_a_list_are_a_list(tmp_path):
    (tmp_path / 'list.txt').write_text(''.join(f'{n}.mp4 {n % 3}\n\n' for n in range(50)))
    whole = open_list(tmp_path / 'list.txt', 'required')
    some = whole.take([40, 3, 3])
    assert [entry.path for entry in some] == ['40.mp4', '3.mp4', '3.mp4']
    assert some.labels.tolist() == [1, 0, 0]
    assert [entry.path for entry in whole[-2:]] == ['48.mp4', '49.mp4']
    assert whole[-1] == whole[49]
    assert some.line_number(0) == 81
    for beyond in (50, -51):
        with pytest.raises(IndexError):
            whole[beyond]
    with pytest.raises(IndexError):
        whole.take([50])


@pytest.mark.usefixtures('in_file')
def test_a_long_list_that_changes_is_refused_and_one_that_is_replaced_is_not(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('a.mp4 0\nb.mp4 1\n')
    before = open_list(path, 'required')
    (tmp_path / 'new.txt').write_text('c.mp4 0\n')
    os.replace(tmp_path / 'new.txt', path)
    assert [entry.path for entry in before] == ['a.mp4', 'b.mp4']
    with pytest.raises(ListChanged, match=r'list\.txt: .*Remedy: start again'):
        pickle.loads(pickle.dumps(before))[0]  # a new process opens the file by its name
    now = open_list(path, 'required')
    assert list(pickle.loads(pickle.dumps(now))) == list(now)
    for text in ('d', 'd.mp4 0\n'):  # shorter, and as long as it was
        path.write_text(text)
        os.utime(path, ns=(0, 1))
        with pytest.raises(ListChanged, match='changed while in use'):
            now[0]


def test_a_short_list_may_change_while_it_is_in_use(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('a.mp4 0\n')
    entries = open_list(path, 'required')
    path.write_text('')
    assert entries[0].path == 'a.mp4'
    assert pickle.loads(pickle.dumps(entries))[0].path == 'a.mp4'


def test_a_long_list_takes_bytes_not_objects(tmp_path, monkeypatch):
    monkeypatch.setattr(list_source, 'IN_MEMORY', -1)
    monkeypatch.setattr(list_source, 'BLOCK', 1 << 18)
    lines = 200_000
    path = Path(tmp_path, 'list.txt')
    path.write_text(''.join(f'videos/clip_{n:08d}.mp4 {n % 400}\n' for n in range(lines)))
    tracemalloc.start()
    try:
        entries = open_list(path, 'required')
        held, peak = tracemalloc.get_traced_memory()
        entries.sha256()
        assert tracemalloc.get_traced_memory()[1] < peak + (4 << 20)
    finally:
        tracemalloc.stop()
    assert held < 13 * lines
    assert peak < 60 * lines  # as a list of tuples, 250
