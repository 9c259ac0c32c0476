"""Match the entries of a data set's lists to the files of a folder, and write the lists that configs read."""

import os
from collections.abc import Container, Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cmvl_mm.datasets.list_file import Entry, format_line, read_text
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.prepare.source_list import Source

from .list_parsers import ListError
from .official import DATASETS, DatasetLists


class Matched(NamedTuple):
    """The entries of a data set that have a file."""

    lists: DatasetLists
    parts: dict[str, list[Entry]]
    """Entries as in `DatasetLists`, with the paths of the prepared files; without the entries that have no file."""
    missing: list[str]
    """Sorted entries without a file."""
    unlisted: list[str]
    """Sorted files that are on no list."""


def match(sources: Iterable[Source], lists: DatasetLists) -> Matched:
    """Find each entry by its file name in any folder, as data sets are unpacked in many ways.

    Raises:
        ListError: two files have the name of one entry, or no file has the name of any.
    """
    caseless = DATASETS[lists.dataset].file_names == 'any case'

    def key(name: str) -> str:
        return name.casefold() if caseless else name

    files: dict[str, list[Source]] = {}
    for source in sources:
        files.setdefault(key(os.path.splitext(os.path.basename(source.path))[0]), []).append(source)
    parts: dict[str, list[Entry]] = {}
    missing, listed = set(), set()
    for part, entries in lists.parts.items():
        parts[part] = []
        for entry in entries:
            name = key(PurePosixPath(entry.path).name)
            listed.add(name)
            if name in files:
                parts[part].append(Entry(files[name][0].target, entry.label))
            else:
                missing.add(entry.path)
    twice = [files[name] for name in sorted(listed & files.keys()) if len(files[name]) > 1]
    if twice:
        pairs = '; '.join(' and '.join(source.path for source in same) for same in twice[:5])
        raise ListError(f'{len(twice)} videos occur more than once: {pairs}. Remedy: keep one of each.')
    if not listed & files.keys():
        raise ListError(
            f'none of the {len(files)} videos is on a list of {lists.dataset}; the first entry is '
            f'{next(iter(lists.parts.values()))[0].path!r}. Remedy: check --dataset, --lists and SRC.'
        )
    unlisted = sorted(source.path for name in files.keys() - listed for source in files[name])
    return Matched(lists, parts, sorted(missing), unlisted)


def check_classes(matched: Matched, folder: Path) -> None:
    """Check that a folder holds no lists of another data set.

    Raises:
        ListError: it holds lists of another one.
    """
    path = folder / 'classes.txt'
    if path.exists() and read_text(path).replace('\r\n', '\n') != _class_names(matched):
        raise ListError(
            f'{path} contains other classes than {matched.lists.dataset}. Remedy: remove it, or choose a DST whose '
            'parent folder is for this data set alone.'
        )


def write_dataset_lists(matched: Matched, folder: Path, *, ready: Container[str]) -> dict[str, tuple[int, int]]:
    """Write `<part>.txt` and `classes.txt` for the videos that are ready.

    Args:
        matched: the matched entries.
        folder: folder of the lists, next to the folder of prepared videos.
        ready: paths of the prepared files that can be read, relative to their folder.

    Returns:
        Name of the list -> number of written videos, and number of videos in the data set's list.
    """
    counts = {}
    for part, entries in matched.parts.items():
        written = [entry for entry in entries if entry.path in ready]
        replace_text(folder / f'{part}.txt', ''.join(map(format_line, written)))
        counts[f'{part}.txt'] = (len(written), len(matched.lists.parts[part]))
    replace_text(folder / 'classes.txt', _class_names(matched))
    return counts


def _class_names(matched: Matched) -> str:
    return ''.join(f'{name}\n' for name in matched.lists.classes)
