"""Annotation lists: MMAction2's, one `relative/path.mp4 label` a line; the label may be absent."""

import os
from pathlib import Path
from typing import NamedTuple

from cmvl_mm.video.sources import list_lines, name_fault, split_label


class Entry(NamedTuple):
    """One line: a path relative to the root, and its class or None."""

    path: str
    label: int | None


class AnnotationError(ValueError):
    """A list cannot be used; the message names file, line and remedy."""


def parse_line(line: str) -> Entry:
    """Path and label, as `split_label` reads them.

    Raises:
        ValueError: the path is missing, or must not stand in a list: see `name_fault`.
    """
    path, label = split_label(line)
    if path.isdigit():
        raise ValueError('there is a label, but no path')
    if fault := name_fault(path):
        raise ValueError(f'the path {path!r} is refused: {fault}')
    return Entry(path, label)


def read_list(ann_file: str | Path, labels: str) -> list[Entry]:
    """All entries of a list.

    Args:
        ann_file: text, UTF-8; blank lines are skipped.
        labels: 'required' or 'optional'.

    Raises:
        AnnotationError: the file is missing, empty or no text list, or a line is wrong.
    """
    ann_file = Path(ann_file)
    if not ann_file.is_file():
        raise AnnotationError(
            f"{ann_file}: there is no such list. Remedy: make one with tools/prepare_videos.py; the demo's come "
            'of tools/demo.py --only-videos.'
        )
    try:
        lines = list_lines(ann_file)
    except ValueError as error:
        raise AnnotationError(str(error)) from None
    entries = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = parse_line(line)
        except ValueError as error:
            raise AnnotationError(f'{ann_file}, line {number}: {error}.') from None
        if labels == 'required' and entry.label is None:
            raise AnnotationError(
                f'{ann_file}, line {number}: {entry.path!r} has no label. '
                'Remedy: write "relative/path.mp4 label" with a whole number as label.'
            )
        entries.append(entry)
    if not entries:
        raise AnnotationError(f'{ann_file}: the list is empty.')
    return entries


def path_inside(root: str, relative: str) -> str:
    """The absolute path of a list's entry.

    Raises:
        AnnotationError: a symbolic link on the way leads out of the root.
    """
    path = os.path.join(root, relative)
    real_root, real_path = os.path.realpath(root), os.path.realpath(path)
    if os.path.commonpath([real_root, real_path]) != real_root:
        raise AnnotationError(f'{path}: a symbolic link leads out of the root {real_root}, to {real_path}.')
    return path
