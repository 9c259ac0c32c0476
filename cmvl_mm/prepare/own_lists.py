"""Lists of the user's own videos: find lists in a folder, or make them from its videos."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cmvl_mm.datasets.annotation import open_list
from cmvl_mm.datasets.list_file import Entry, format_line, read_text
from cmvl_mm.datasets.list_scan import NO_LABEL
from cmvl_mm.datasets.presence import find_root
from cmvl_mm.files.atomic import replace_text

from .groups import groups_from
from .sources import find_in_folder
from .split import split_by_groups

_LOOKED_FOR = 100  # videos at the start of a list, of which one must exist
_PAIRS = (('train', 'test'), ('train', 'val'))


class OwnVideosError(ValueError):
    """Videos or lists cannot be used as they are; the message names the folder, with a remedy."""


class Lists(NamedTuple):
    """Locations of videos and lists."""

    root: Path
    """Root folder; the paths of the lists are relative to it."""
    train: Path
    test: Path | None
    """Test list; None if there is one list of all videos."""
    classes: tuple[str, ...]
    """Names by label; empty without labels. Without a classes.txt, the labels themselves."""


def find_lists(source: Path) -> Lists | None:
    """Find the lists of a list file or of a folder.

    Args:
        source: a list, whose name decides: the test list of `train.txt` or `train_split1.txt` is `test.txt` or
            `test_split1.txt` in the same folder. Or a folder with one such pair, or with `all.txt`.

    Returns:
        The lists; None for a folder without lists.

    Raises:
        OwnVideosError: the source is missing, it holds several pairs, or the videos of a list are not near it.
        AnnotationError: a list cannot be used.
    """
    if source.is_file():
        return _of(source, _partner(source))
    if not source.is_dir():
        raise OwnVideosError(f'{source}: there is no such folder or list. Remedy: pass a folder of videos, or a list.')
    pairs = [(train, test) for train in sorted(source.glob('train*.txt')) if (test := _partner(train)) is not None]
    if len(pairs) > 1:
        names = ', '.join(train.name for train, _ in pairs)
        raise OwnVideosError(
            f'{source}: several training lists ({names}). Remedy: choose one, such as data={pairs[0][0]}.'
        )
    if pairs:
        return _of(*pairs[0])
    return _of(source / 'all.txt', None) if (source / 'all.txt').is_file() else None


def _partner(train: Path) -> Path | None:
    for one, other in _PAIRS:
        path = train.with_name(train.name.replace(one, other, 1))
        if path != train and path.is_file():
            return path
    return None


def _of(train: Path, test: Path | None) -> Lists:
    lists = [open_list(path, 'optional') for path in (train, test) if path is not None]
    paths = [entry.path for one in lists for entry in one[:_LOOKED_FOR]][:_LOOKED_FOR]
    root = find_root(train, paths)
    if root is None:
        raise OwnVideosError(
            f'{train}: none of its first {len(paths)} videos, such as {paths[0]}, is in {train.parent} or near it. '
            'Remedy: move the list to the folder where its paths start, or set train_dataloader.dataset.ann_file and '
            'data_prefix.video.'
        )
    names = train.with_name('classes.txt')
    return Lists(root, train, test, class_names_of(np.concatenate([one.labels for one in lists]), names))


def class_names_of(labels: np.ndarray, names: Path) -> tuple[str, ...]:
    """The class names of a list: the lines of `names` if it exists and has enough lines, otherwise the labels as text.

    Args:
        labels: (n,) class of each line, or `NO_LABEL`.
        names: `classes.txt`.
    """
    highest = int(labels.max(initial=NO_LABEL))
    if highest == NO_LABEL:
        return ()
    listed = tuple(read_text(names).splitlines()) if names.is_file() else ()
    return listed if len(listed) > highest else tuple(map(str, range(highest + 1)))


def make_lists(
    entries: Sequence[Entry],
    classes: Sequence[str],
    root: Path,
    folder: Path,
    *,
    split: bool,
    groups: str | None = None,
    test_share: float = 0.2,
) -> Lists:
    """Write lists: `all.txt`, or `train.txt` and `test.txt` without a recording on both sides, and `classes.txt`.

    Args:
        entries: entries of all videos.
        classes: class names by label.
        root: root folder of the paths.
        folder: folder of the lists; `groups.csv` in it holds the recording assigned to each video.
        split: split into training and test videos; otherwise write one list.
        groups: a regular expression or a CSV file, see `groups_from`.
        test_share: share of the test videos.

    Raises:
        OwnVideosError: there is no test video, or fewer than two classes.
        GroupsError: `groups` does not fit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if classes:
        replace_text(folder / 'classes.txt', ''.join(f'{name}\n' for name in classes))
    if not split:
        _write(folder / 'all.txt', entries)
        return Lists(root, folder / 'all.txt', None, tuple(classes))
    found, train, test = require_split(root, entries, groups, test_share)
    rows = io.StringIO()
    csv.writer(rows, lineterminator='\n').writerows(
        [('path', 'group'), *((entry.path, group) for entry, group in zip(entries, found, strict=True))]
    )
    replace_text(folder / 'groups.csv', rows.getvalue())
    _write(folder / 'train.txt', train)
    _write(folder / 'test.txt', test)
    return Lists(root, folder / 'train.txt', folder / 'test.txt', tuple(classes))


def require_split(
    root: Path, entries: Sequence[Entry], groups: str | None, test_share: float
) -> tuple[list[str], list[Entry], list[Entry]]:
    """The recording of each entry, training entries and test entries.

    Args:
        root: for messages.
        entries, groups, test_share: as in `make_lists`.

    Raises:
        OwnVideosError, GroupsError: as in `make_lists`.
    """
    found = groups_from(groups, [entry.path for entry in entries])
    train, test = split_by_groups(entries, found, test_share=test_share)
    _require_two_sides(root, train, test, found)
    return found, train, test


def _require_two_sides(root: Path, train: list[Entry], test: list[Entry], groups: list[str]) -> None:
    if any(entry.label is None for entry in (*train, *test)):
        raise OwnVideosError(
            f'{root}: no class folders, so no labels. Remedy: pass FOLDER/class/video.mp4, or a list with labels.'
        )
    if len({entry.label for entry in train}) < 2:
        raise OwnVideosError(f'{root}: fewer than two classes to learn. Remedy: make one folder of videos per class.')
    if not test:
        raise OwnVideosError(
            f'{root}: no video is left to test: every class is one recording ({", ".join(sorted(set(groups))[:3])}). '
            'Remedy: pass --groups with a regular expression or a CSV file that tells recordings apart.'
        )


def entries_in(folder: Path) -> tuple[list[Entry], tuple[str, ...]]:
    """Every video below a folder with its class by folder, and the names of the classes.

    Raises:
        OwnVideosError: there is no video.
    """
    listing = find_in_folder(folder)
    if not listing.sources:
        raise OwnVideosError(
            f'{folder}: no videos found. Remedy: pass a folder of videos, with one subfolder per class for labels.'
        )
    return [Entry(source.path, source.label) for source in listing.sources], listing.classes


def _write(path: Path, entries: Sequence[Entry]) -> None:
    replace_text(path, ''.join(map(format_line, entries)))


def counts(
    train: Sequence[Entry], test: Sequence[Entry], classes: Sequence[str], groups: dict[str, str]
) -> list[list[str]]:
    """Rows of a table: class, training and test videos, and recordings of each; a last row with the sums."""
    rows = [['class', 'train', 'test', 'recordings train', 'recordings test']]
    for label, name in [*enumerate(classes), (None, 'all')]:
        parts = [[entry for entry in part if label is None or entry.label == label] for part in (train, test)]
        rows.append(
            [name, *(str(len(part)) for part in parts), *(str(len({groups[e.path] for e in part})) for part in parts)]
        )
    return rows


def groups_in(folder: Path) -> dict[str, str]:
    """Path -> recording, from the file that `make_lists` wrote."""
    with open(folder / 'groups.csv', encoding='utf-8', newline='') as file:
        return {row[0]: row[1] for row in list(csv.reader(file))[1:]}
