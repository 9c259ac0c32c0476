"""The videos of a folder or of an annotation list, and the names of their prepared files."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from cmvl_mm.datasets.list_file import Entry, format_line, name_fault, printable
from cmvl_mm.datasets.list_scan import NO_LABEL
from cmvl_mm.files.atomic import replace_lines
from cmvl_mm.prepare.folder_check import check_folder
from cmvl_mm.prepare.listed_paths import folder_hashes, read_paths
from cmvl_mm.prepare.source_list import Column, Paths, Source, SourceList
from cmvl_mm.prepare.suffixes import SUFFIXES

_APPLE_DOUBLE = b'\x00\x05\x16\x07'  # RFC 1740: macOS writes such files next to others on foreign disks
_TOGETHER = 1 << 16  # paths that are packed together


@dataclass(frozen=True)
class Listing:
    """The result of a search."""

    sources: SourceList
    classes: tuple[str, ...]
    """Names by label; empty without class folders, and for lists."""
    refused: tuple[tuple[str, str], ...]
    """(path, reason) of files that cannot be prepared under their name."""
    unread: tuple[tuple[str, str], ...]
    """(path, reason) of folders that cannot be read, so that their contents are unknown."""
    not_taken: dict[str, tuple[str, ...]]
    """Other contents of a folder: paths by kind, which is the suffix, 'no suffix', 'link to a folder' or
    'AppleDouble'."""


def find_in_folder(root: Path) -> Listing:
    """Every video below ``root``, sorted by path; `SUFFIXES` defines the videos.

    If all videos are in sub-folders, the innermost folder is the class, and labels number the sorted class names.
    Otherwise there are no labels.  Symbolic links to folders, and links that leave ``root``, are not followed.

    Raises:
        OSError: the folder itself cannot be read.
    """
    found, not_taken, unread = _searched(root)
    paths, folders, refused = Paths(), Column(np.int64), []
    for begin in range(0, len(found), _TOGETHER):
        good = []
        for path in found[begin : begin + _TOGETHER]:
            if (fault := name_fault(path)) is None:
                good.append(path.encode())
            else:
                refused.append((printable(path), fault))
        paths.add(good)
        folders.add(folder_hashes(good))
    del found
    sources, strangers = _checked(root, paths, folders.values, None)
    sources, classes = _labelled_by_folder(sources)
    return Listing(sources, classes, (*refused, *strangers), tuple(unread), not_taken)


def find_in_list(ann_file: Path, root: Path) -> Listing:
    """The videos of an annotation list, in its order; a video that is listed again counts once.

    Raises:
        ValueError: the file is not a text list.
    """
    listed = read_paths(ann_file)
    sources, strangers = _checked(root, listed.paths, listed.folders, listed.labels, listed.again)
    return Listing(sources, (), (*listed.refused, *strangers), (), {})


def write_list(path: Path, sources: Iterable[Source]) -> None:
    """Write one line ``target label`` or ``target`` per source, atomically: readers see the old or the
    new file."""
    replace_lines(path, (format_line(Entry(source.target, source.label)) for source in sources))


def _checked(
    root: Path, paths: Paths, folders: np.ndarray, labels: np.ndarray | None, left_out: np.ndarray | None = None
) -> tuple[SourceList, list[tuple[str, str]]]:
    """The usable videos, in their order, and the others with the reason. Each folder is listed once.

    Args:
        root: root folder of the paths.
        paths: n paths.
        folders: (n,) hash of the folder of each path.
        labels: (n,) class of each path, or `NO_LABEL`; None: no classes.
        left_out: positions of excluded paths.
    """
    text, ends = paths.packed()
    usable, keeps = np.ones(len(folders), bool), np.zeros(len(folders), bool)
    if left_out is not None:
        usable[left_out] = False
    refused: dict[int, tuple[str, str]] = {}
    for places in _together(folders, usable):
        begins, stops = ends[places].tolist(), ends[places + 1].tolist()
        folder, cut, _ = text[begins[0] : stops[0]].decode().rpartition('/')
        skipped = len(f'{folder}{cut}'.encode())
        names = [text[begin + skipped : stop].decode() for begin, stop in zip(begins, stops, strict=True)]
        checked = check_folder(root, folder, names)
        for place, name, one in zip(places.tolist(), names, checked or (), strict=checked is not None):
            keeps[place] = one.keeps_suffix
            if one.fault is not None:
                refused[place] = printable(f'{folder}{cut}{name}'), one.fault
    usable[list(refused)] = False
    labels = np.full(len(folders), NO_LABEL, np.int8) if labels is None else labels
    sources = SourceList(text, ends, labels, keeps)
    return sources if usable.all() else sources.take(np.flatnonzero(usable)), [refused[one] for one in sorted(refused)]


def _together(folders: np.ndarray, usable: np.ndarray) -> Iterator[np.ndarray]:
    """Positions of the usable paths of each folder, in their order."""
    order = np.argsort(folders, kind='stable')
    ordered = folders[order]
    begins = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    del ordered
    for begin, end in pairwise([0, *begins.tolist(), len(order)]):
        if len(places := order[begin:end][usable[order[begin:end]]]):
            yield places


def _labelled_by_folder(sources: SourceList) -> tuple[SourceList, tuple[str, ...]]:
    """The sources with their innermost folders as classes, if all have one; and the names of the classes."""
    names = {_innermost(path) for path in sources.paths()}
    if not names or '' in names:
        return sources, ()
    classes = tuple(sorted(names))
    label_of = {name: label for label, name in enumerate(classes)}
    found = np.fromiter((label_of[_innermost(path)] for path in sources.paths()), np.int32, len(sources))
    return sources.with_labels(found), classes


def _innermost(path: str) -> str:
    return path.rpartition('/')[0].rpartition('/')[2]


def _searched(root: Path) -> tuple[list[str], dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """Sorted paths of videos, the other paths by kind, and (path, reason) of folders that cannot be read."""
    kinds: dict[str | None, list[str]] = {}
    errors: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=errors.append):  # does not follow links to folders
        below = _relative(folder, root)
        before = '' if below == '.' else f'{below}/'
        for name in names:
            kinds.setdefault(_kind(os.path.join(folder, name)), []).append(before + name)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        if links:
            kinds.setdefault('link to a folder', []).extend(before + name for name in links)
    videos = sorted(kinds.pop(None, ()))
    for error in errors:
        if os.path.normpath(error.filename) == os.path.normpath(root):
            raise error
    unread = [(printable(_relative(error.filename, root)), str(error.strerror)) for error in errors]
    others = {printable(str(kind)): tuple(map(printable, sorted(paths))) for kind, paths in sorted(kinds.items())}
    return videos, others, unread


def _kind(path: str) -> str | None:
    """Kind of a file that is no video; None for a video."""
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in SUFFIXES:
        return suffix or 'no suffix'
    if name.startswith('._') and os.path.isfile(path):
        try:
            with open(path, 'rb') as file:
                return 'AppleDouble' if file.read(4) == _APPLE_DOUBLE else None
        except OSError:  # reported when the file is prepared
            return None
    return None


def _relative(path: str, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, '/')
