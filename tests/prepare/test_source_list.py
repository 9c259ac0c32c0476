"""Long lists of videos to prepare are read as one line after the other would be, in little memory."""

import os
import random
import tracemalloc
from collections import Counter
from pathlib import PurePosixPath

import pytest

from cmvl_mm.datasets import list_source
from cmvl_mm.datasets.list_file import LineError, name_fault, numbered_lines, parse_line, printable
from cmvl_mm.datasets.list_scan import NO_LABEL
from cmvl_mm.prepare.listed_paths import read_paths
from cmvl_mm.prepare.sources import find_in_folder, find_in_list, write_list
from cmvl_mm.prepare.tally import Failure, Outcome, Tally

LINES = 200_000
PARTS = [
    'a.mp4 1\n', './a.mp4 1\n', 'a.mp4 2\n', 'a.mp4\n', 'b//c.mp4 0\n', 'b/c.mp4\t0\r\n', 'b/./c.mp4 0\n', 'd/ 5\n',
    '\n', 'x y.mp4 07\n', ' é.mp4 1 \n', '7\n', 'a$.mp4 1\n', '../a.mp4 1\n', './ b.mp4 1\n', '.h.mp4 3\n',
    'a..b.mp4 4\n', 'e/f.mp4 999999999999999999\n', 'b/c.mp4\tx\n',
]  # fmt: skip


@pytest.fixture
def in_blocks(monkeypatch):
    """Lists are read from their file, as long ones are."""
    monkeypatch.setattr(list_source, 'IN_MEMORY', -1)
    return lambda size: monkeypatch.setattr(list_source, 'BLOCK', size)


def make(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def line_by_line(path):
    """(path, label) of each video of a list, and (path, reason) of the lines that are refused."""
    labels, refused = {}, []
    for number, line in numbered_lines(path):
        try:
            given, label = parse_line(line)
        except LineError as error:
            refused.append((printable(error.path), error.reason))
            continue
        given = str(PurePosixPath(given))
        if fault := name_fault(given):
            refused.append((printable(given), fault))
        elif labels.setdefault(given, label) != label:
            refused.append((given, f'line {number} has the label {label}, an earlier line {labels[given]}'))
    return list(labels.items()), refused


def test_lists_are_read_as_line_by_line(tmp_path, in_blocks):
    draw, path = random.Random(0), tmp_path / 'list.txt'
    for turn in range(60):
        path.write_bytes(''.join(draw.choices(PARTS, k=draw.randint(0, 30))).rstrip('\n' * (turn % 2)).encode())
        in_blocks(draw.choice([20, 64, 4096]))
        found = read_paths(path)
        places = [place for place in range(len(found.labels)) if place not in found.again]
        labels = [None if found.labels[place] == NO_LABEL else int(found.labels[place]) for place in places]
        videos = list(zip([found.paths[place].decode() for place in places], labels, strict=True))
        assert (videos, list(found.refused)) == line_by_line(path)


def test_a_line_takes_few_bytes(tmp_path, in_blocks):
    in_blocks(1 << 16)
    path = tmp_path / 'list.txt'
    with path.open('w') as file:
        file.writelines(f'clips/{n % 256:04d}/clip_{n:08d}.mp4 {n % 400}\n' for n in range(LINES))
    tracemalloc.start()
    try:
        listing = find_in_list(path, tmp_path)
        tally = Tally(listing.sources)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(listing.sources) == LINES
    assert held / LINES < 60  # of which 28 are the path
    assert peak / LINES < 100
    source = listing.sources[LINES - 1 :: -3][1]
    name = 'clips/0060/clip_00199996.mp4'
    assert (source.path, source.target, source.label) == (name, name, 396)
    tally.add(Outcome(source, 7, None))
    assert list(tally.ready()) == [(source, 7)]


def test_each_folder_is_looked_at_once(tmp_path, monkeypatch):
    names = [f'{folder}/{number}.mp4' for number in range(40) for folder in ('a', 'b/c', 'd')]
    make(tmp_path, names)
    (tmp_path / 'list.txt').write_text(''.join(f'{name}\n' for name in (*names, 'gone/1.mp4', 'gone/2.mp4')))
    looks = Counter()
    for name in ('scandir', 'lstat', 'stat'):
        call = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, call=call, name=name, **k: looks.update([name]) or call(*a, **k))
    listing = find_in_list(tmp_path / 'list.txt', tmp_path)
    monkeypatch.undo()
    assert [source.path for source in listing.sources] == [*names, 'gone/1.mp4', 'gone/2.mp4']
    assert looks['scandir'] == 3
    assert looks.total() < len(names)


def test_parts_of_a_list_are_counted_each_in_the_order_of_the_list(tmp_path):
    make(tmp_path, [f'{number}.mp4' for number in range(9)])
    (tmp_path / '3.mp4').rename(tmp_path / '3.mp4\n')  # which is refused, so numbers and positions differ
    sources = find_in_folder(tmp_path).sources
    mine = sources[1::2]
    tally = Tally(sources)
    for source in reversed(mine):
        failure = Failure('decode', 'broken', 'Leave it out', 'here') if source.path == '4.mp4' else None
        tally.add(Outcome(source, 10 * int(source.path[0]), failure))
    assert [source.path for source in mine] == ['1.mp4', '4.mp4', '6.mp4', '8.mp4']
    assert [source.path for source, _ in tally.failed()] == ['4.mp4']
    assert [(source.target, frames) for source, frames in tally.ready(below=80)] == [('1.mp4', 10), ('6.mp4', 60)]
    assert (tally.num_ready, tally.num_frames) == (3, 150)
    write_list(tmp_path / 'ready.txt', (source for source, _ in tally.ready()))
    assert (tmp_path / 'ready.txt').read_text() == '1.mp4\n6.mp4\n8.mp4\n'
