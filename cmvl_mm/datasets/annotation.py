"""Annotation lists in MMAction2's form: one `relative/path.mp4 label` per line; the label is optional."""

import os
from pathlib import Path
from typing import Literal

import numpy as np

from .list_file import BLANKS, Entry, LineError, parse_line
from .list_scan import NO_LABEL, Lines, scan
from .list_source import ListSource
from .video_list import VideoList

__all__ = ['AnnotationError', 'Entry', 'open_list', 'parse_line', 'path_inside', 'read_list']


class AnnotationError(ValueError):
    """A list cannot be used; the message names file, line and remedy."""


def read_list(ann_file: str | Path, labels: Literal['required', 'optional']) -> list[Entry]:
    """All entries of a list; see `open_list`."""
    return list(open_list(ann_file, labels))


def open_list(ann_file: str | Path, labels: Literal['required', 'optional']) -> VideoList:
    """Open a list in the form that `list_file` describes. Every line is checked; entries are parsed on access.

    Args:
        ann_file: the list.
        labels: 'required' refuses lines without one.

    Raises:
        AnnotationError: the file is missing, empty or not a text list, or a line is invalid.
    """
    path = Path(ann_file)
    if not path.is_file():
        raise AnnotationError(
            f'{path}: there is no such list. Remedy: make one with cmvl prepare, or the demo’s with '
            'tools/demo.py --only-videos.'
        )
    try:
        source = ListSource(path)
        starts, found = _read(source, required=labels == 'required')
    except AnnotationError:
        raise
    except ValueError as error:
        raise AnnotationError(str(error)) from None
    if not len(found):
        raise AnnotationError(f'{path}: the list is empty. Remedy: write one "relative/path.mp4 label" a line.')
    return VideoList(source, starts[:-1], starts[1:], found, complete=True)


def _read(source: ListSource, *, required: bool) -> tuple[np.ndarray, np.ndarray]:
    """First byte of each line, followed by the size of the list; and the labels."""
    starts: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    number = 1
    for place, block in source.blocks():
        if not block.isascii():
            source.require_text(place, block)
        try:
            kept, known = _checked(block, scan(block), f'{source.path}, line', number, required=required)
        except AnnotationError:
            source.require_text_throughout()  # report the first invalid byte of a file that is not text
            raise
        starts.append(place + kept)
        labels.append(known.astype(np.int32) if known.size and known.max() <= np.iinfo(np.int32).max else known)
        number += block.count(b'\n')
    return np.concatenate([*starts, [source.size]]), np.concatenate(labels or [np.empty(0, np.int32)])


def _checked(block: bytes, lines: Lines, where: str, first: int, *, required: bool) -> tuple[np.ndarray, np.ndarray]:
    """First byte and label of each line that is not blank; `parse_line` checks the odd lines.

    Args:
        block, lines: the scanned bytes, and the lines found in them.
        where: the name of the list, for errors.
        first: number of the block's first line.
        required: every line needs a label.
    """
    labels, kept = lines.labels, np.ones(len(lines.labels), bool)
    for row in np.flatnonzero(lines.odd | (required & (labels == NO_LABEL))).tolist():
        text = block[lines.starts[row] : lines.stops[row]].decode().strip(BLANKS)
        if not text:
            kept[row] = False
            continue
        try:
            entry = parse_line(text)
        except LineError as error:
            raise AnnotationError(f'{where} {first + lines.numbers[row]}: {error}.') from None
        if required and entry.label is None:
            raise AnnotationError(
                f'{where} {first + lines.numbers[row]}: {entry.path!r} has no label. Remedy: write '
                '"relative/path.mp4 label" with a whole number as label, after a space or a tab, not a comma.'
            )
        labels[row] = NO_LABEL if entry.label is None else entry.label
    return (lines.starts, labels) if kept.all() else (lines.starts[kept], labels[kept])


def path_inside(root: str, relative: str) -> str:
    """The absolute path of a list's entry.

    Raises:
        AnnotationError: a symbolic link in the path leads out of the root.
    """
    path = os.path.join(root, relative)
    real_root, real_path = os.path.realpath(root), os.path.realpath(path)
    if os.path.commonpath([real_root, real_path]) != real_root:
        raise AnnotationError(
            f'{path}: a symbolic link leads out of the root {real_root}, to {real_path}. '
            'Remedy: move the file into the root.'
        )
    return path
