"""Annotation lists: MMAction2's, one `relative/path.mp4 label` a line; the label may be absent."""

import os
from pathlib import Path

from .list_file import Entry, LineError, numbered_lines, parse_line

__all__ = ['AnnotationError', 'Entry', 'parse_line', 'path_inside', 'read_list']


class AnnotationError(ValueError):
    """A list cannot be used; the message names file, line and remedy."""


def read_list(ann_file: str | Path, labels: str) -> list[Entry]:
    """All entries of a list, whose form `list_file` describes.

    Args:
        ann_file: the list.
        labels: 'required' or 'optional'.

    Raises:
        AnnotationError: the file is missing, empty or no text list, or a line is wrong.
    """
    ann_file = Path(ann_file)
    if not ann_file.is_file():
        raise AnnotationError(
            f"{ann_file}: there is no such list. Remedy: make one with cmvl prepare; the demo's come "
            'of tools/demo.py --only-videos.'
        )
    try:
        lines = list(numbered_lines(ann_file))
    except ValueError as error:
        raise AnnotationError(str(error)) from None
    entries = []
    for number, line in lines:
        try:
            entry = parse_line(line)
        except LineError as error:
            raise AnnotationError(f'{ann_file}, line {number}: {error}.') from None
        if labels == 'required' and entry.label is None:
            raise AnnotationError(
                f'{ann_file}, line {number}: {entry.path!r} has no label. Remedy: write "relative/path.mp4 label" with '
                'a whole number as label, behind a space or a tab; a comma separates nothing.'
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
