"""Read the paths and labels of a list of any length; invalid lines are reported, not raised.

`datasets.annotation.open_list` refuses a list with an invalid line. Here the other lines are used.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from cmvl_mm.datasets.list_file import BLANKS, LineError, name_fault, parse_line, printable
from cmvl_mm.datasets.list_scan import NO_LABEL, Lines, scan
from cmvl_mm.datasets.list_source import ListSource
from cmvl_mm.prepare.source_list import Column, Paths

_SPELT_OTHERWISE = (b'//', b'./', b'/.', b'/ ', b'/\t', b'/\n', b'/\r')
"""A block contains one of these if a path in it may differ from the form of `PurePosixPath`."""


class ListedPaths(NamedTuple):
    """The contents of a list."""

    paths: Paths
    labels: np.ndarray
    """(n,) class of each path, or `NO_LABEL`."""
    folders: np.ndarray
    """(n,) hash of the folder of each path."""
    again: np.ndarray
    """(m,) positions of paths that also appear on an earlier line."""
    refused: tuple[tuple[str, str], ...]
    """(path, reason) of lines without a usable path, or with another class than an earlier line."""


def read_paths(ann_file: Path) -> ListedPaths:
    """Read a list in the form that `datasets.list_file` describes.

    Raises:
        ValueError: the file is not a text list.
    """
    source = ListSource(ann_file)
    paths, refused = Paths(), list[tuple[int, str, str]]()
    columns = [Column(np.int64), Column(np.uint32), Column(np.int64), Column(np.int64)]
    number = 1
    for place, block in source.blocks():
        if not block.isascii():
            source.require_text(place, block)
        found, labels, lines = _of_block(block, scan(block), number, refused)
        paths.add(found)
        hashes = np.fromiter(map(hash, found), np.int64, len(found))
        for column, of_block in zip(columns, (labels, lines, hashes, folder_hashes(found)), strict=True):
            column.add(of_block)
        number += block.count(b'\n')
    labels, lines, hashes, folders = (column.values for column in columns)
    again = _again(paths, hashes, labels, lines, refused)
    refused.sort(key=lambda one: one[0])
    return ListedPaths(paths, _narrow(labels), folders, again, tuple((path, reason) for _, path, reason in refused))


def folder_hashes(paths: Sequence[bytes]) -> np.ndarray:
    """(n,) int64 hashes, equal for paths in one folder."""
    return np.fromiter((hash(path.rpartition(b'/')[0]) for path in paths), np.int64, len(paths))


def _of_block(
    block: bytes, lines: Lines, first: int, refused: list[tuple[int, str, str]]
) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """Paths, (n,) labels and (n,) numbers of the lines of a block; `parse_line` checks the odd lines.

    Args:
        block, lines: the scanned bytes, and the lines found in them.
        first: number of the block's first line.
        refused: gets (number, path, reason) of invalid lines.
    """
    labels, kept = lines.labels, np.ones(len(lines.labels), bool)
    ends = np.where(labels == NO_LABEL, lines.stops, lines.blanks)
    numbers = first + lines.numbers
    paths = [block[start:end] for start, end in zip(lines.starts.tolist(), ends.tolist(), strict=True)]
    for row in np.flatnonzero(lines.odd).tolist():
        text = block[lines.starts[row] : lines.stops[row]].decode().strip(BLANKS)
        kept[row] = bool(text)
        try:
            entry = parse_line(text) if text else None
        except LineError as error:
            refused.append((int(numbers[row]), printable(error.path), error.reason))
            kept[row] = False
            continue
        if entry is not None:
            paths[row], labels[row] = entry.path.encode(), NO_LABEL if entry.label is None else entry.label
    if block.endswith(b'/') or any(part in block for part in _SPELT_OTHERWISE):
        for row in np.flatnonzero(kept).tolist():
            plain = str(PurePosixPath(paths[row].decode()))  # ./a//b.mp4 is a/b.mp4
            if (fault := name_fault(plain)) is not None:
                refused.append((int(numbers[row]), printable(plain), fault))
                kept[row] = False
            paths[row] = plain.encode()
    if not kept.all():
        paths = [path for path, is_kept in zip(paths, kept.tolist(), strict=True) if is_kept]
    return paths, labels[kept], numbers[kept]


def _narrow(labels: np.ndarray) -> np.ndarray:
    """Convert labels to 4 bytes each if they fit."""
    return labels.astype(np.int32) if labels.max(initial=0) <= np.iinfo(np.int32).max else labels


def _again(
    paths: Paths, hashes: np.ndarray, labels: np.ndarray, lines: np.ndarray, refused: list[tuple[int, str, str]]
) -> np.ndarray:
    """Positions of repeated paths; repeats with another class go to `refused`.

    Args:
        paths: n paths.
        hashes, labels, lines: (n,) hash, class and line of each path.
        refused: gets (line, path, reason).
    """
    ordered = np.sort(hashes)
    several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    first: dict[bytes, int] = {}
    again: list[int] = []
    for place in np.flatnonzero(np.isin(hashes, several)).tolist() if len(several) else ():  # few, in most lists
        path = paths[place]
        before = first.setdefault(path, place)
        if before == place:
            continue
        again.append(place)
        if labels[before] != labels[place]:
            given = [None if label == NO_LABEL else int(label) for label in (labels[place], labels[before])]
            reason = f'line {lines[place]} has the label {given[0]}, an earlier line {given[1]}'
            refused.append((int(lines[place]), path.decode(), reason))
    return np.array(again, np.int64)
