"""Finds the videos that a user names: a folder, a list, a pattern, or files -> paths below one root, with labels."""

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cmvl_mm.datasets.class_names import class_names
from cmvl_mm.datasets.list_file import printable
from cmvl_mm.datasets.list_scan import NO_LABEL
from cmvl_mm.embedding.embeddings import Failure
from cmvl_mm.embedding.packed_videos import PackedLabels, PackedPaths
from cmvl_mm.prepare.sources import find_in_folder, find_in_list

LISTS = ('.txt', '.list', '.lst')
"""Endings of the names of annotation lists."""
_REMEDY = 'Remedy: pass a folder of videos, a list (.txt), a pattern such as "videos/*.mp4", or video files.'

Named = str | os.PathLike[str]


class InputsError(ValueError):
    """Nothing to read under the given names; with the remedy."""


class Videos(NamedTuple):
    """The videos that were found."""

    root: Path
    """Absolute path of the common folder."""
    paths: Sequence[str]
    """Unique paths below the root, with '/'."""
    labels: Sequence[str | None]
    """Class folder, or the list's label by its name in `classes.txt`, else as written; None if there is none."""
    refused: tuple[Failure, ...]
    """Names that were given or found, but cannot be read."""


def find_videos(named: Named | Sequence[Named], root: Named | None = None) -> Videos:
    """Find all videos under the given names.

    Args:
        named: a folder, which is searched recursively; an annotation list; a shell pattern, with `**` for any folders;
            a file; or several folders, patterns and files.
        root: folder that a list's paths are relative to; None takes the list's folder.

    Raises:
        InputsError: nothing has that name, or there is no video in it.
    """
    several = [named] if isinstance(named, (str, os.PathLike)) else list(named)
    if not several:
        raise InputsError(f'no videos were named. {_REMEDY}')
    if any(os.fspath(one) == '' for one in several):
        raise InputsError(f'one name is empty, which would mean the working directory. {_REMEDY}')
    first = Path(several[0])
    if len(several) == 1 and first.suffix.lower() in LISTS:
        found = _of_list(first, Path(root) if root is not None else first.parent)
    elif root is not None:
        raise InputsError(f'root={root} needs a list (.txt), but {several[0]} is not a list. Remedy: omit root.')
    elif len(several) == 1 and first.is_dir():
        found = _of_folder(first)
    else:
        found = _of_files(several)
    if not found.paths and not found.refused:
        raise InputsError(
            f'{", ".join(map(str, several[:3]))}: no videos found; links out of a folder are not followed. {_REMEDY}'
        )
    return found


def _of_folder(folder: Path) -> Videos:
    listing = find_in_folder(folder)
    words = {NO_LABEL: None, **dict(enumerate(listing.classes))}
    refused = _refused(listing.refused) + _refused(listing.unread)
    return Videos(folder.absolute(), PackedPaths(listing.sources), PackedLabels(listing.sources, words), refused)


def _of_list(path: Path, root: Path) -> Videos:
    if not path.is_file():
        raise InputsError(f'{path}: there is no such list. {_REMEDY}')
    try:
        listing = find_in_list(path, root)
    except ValueError as error:
        raise InputsError(str(error)) from error
    given = listing.sources.labels
    classes = class_names(path.with_name('classes.txt'), given).get('classes', ())
    words: dict[int, str | None] = {
        label: classes[label] if classes else str(label) for label in np.unique(given).tolist()
    }
    words[NO_LABEL] = None
    labels = PackedLabels(listing.sources, words)
    return Videos(root.absolute(), PackedPaths(listing.sources), labels, _refused(listing.refused))


def _of_files(named: Iterable[Named]) -> Videos:
    """Files, patterns and folders, below the deepest folder that contains all of them."""
    files: dict[str, None] = {}
    for one in named:
        name = os.fspath(one)
        if os.path.isdir(name):
            folder = _of_folder(Path(name))
            files.update(dict.fromkeys(str(folder.root / path) for path in folder.paths))
        elif glob.has_magic(name) and not os.path.exists(name):
            matching = sorted(path for path in glob.glob(name, recursive=True) if os.path.isfile(path))
            if not matching:
                raise InputsError(f'{name}: no file matches this pattern. {_REMEDY}')
            files.update(dict.fromkeys(map(os.path.abspath, matching)))
        elif os.path.exists(name):
            files[os.path.abspath(name)] = None
        else:
            raise InputsError(f'{name}: there is no such file or folder. {_REMEDY}')
    if not files:
        return Videos(Path.cwd(), (), (), ())
    root = Path(os.path.commonpath([os.path.dirname(path) for path in files]))
    paths = [os.path.relpath(path, root).replace(os.sep, '/') for path in files]
    bad = [path for path in paths if printable(path) != path]
    good = [path for path in paths if printable(path) == path]
    folders = [path.rpartition('/')[0].rpartition('/')[2] for path in good]
    labels = tuple(folders) if all(folders) else (None,) * len(good)
    return Videos(root, tuple(good), labels, _refused((printable(path), _UNPRINTABLE) for path in bad))


_UNPRINTABLE = 'its name has control characters or is not UTF-8; rename the file'


def _refused(pairs: Iterable[tuple[str, str]]) -> tuple[Failure, ...]:
    return tuple(Failure(path, 'list', reason, 'Rename or correct it, as the reason says') for path, reason in pairs)
