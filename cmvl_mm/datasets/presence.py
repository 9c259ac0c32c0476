"""Check that the folder of a list contains its videos."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_NEAR = ('prepared', 'videos', 'prepared/videos')
"""Folders next to a list, or above it, that often hold its videos."""


def check_present(ann_file: str, key: str, root: str, paths: Sequence[str]) -> None:
    """Refuse a folder that is missing, or that holds none of the given videos. Single missing videos are allowed.

    Args:
        ann_file: the list.
        key: key of `data_prefix`.
        root: the folder.
        paths: paths of the list, relative to the folder; checked until one exists.

    Raises:
        FileNotFoundError: the message names folder, list, first video, the right folder if one is near, and remedy.
    """
    if os.path.isdir(root or os.curdir) and (not paths or _any_in(root, paths)):
        return
    remedy = f"Remedy: set data_prefix=dict({key}='folder') to the folder that the paths of {ann_file} start from."
    found = find_root(ann_file, paths, root) if paths else None
    if found is not None:
        choice = f"data_prefix=dict({key}='{found}'), or data='{ann_file}' for all lists"
        remedy = f'They are in {found}. Remedy: set {choice}.'
    if not os.path.isdir(root or os.curdir):
        raise FileNotFoundError(f'{root}: data_prefix[{key!r}] is not a folder. {remedy}')
    raise FileNotFoundError(
        f'{os.path.join(root, paths[0])}: there is no such file; none of the first {len(paths)} videos of '
        f'{ann_file} is in {root}. {remedy}'
    )


def find_root(ann_file: str | Path, paths: Sequence[str], given: str | Path | None = None) -> Path | None:
    """Find a folder that contains some of these videos, near the list or near a given folder.

    Args:
        ann_file: the list.
        paths: paths of the list.
        given: a folder that does not contain them.

    Returns:
        The folder, or None if none of the tried folders holds any.
    """
    return next((folder for folder in _near(Path(ann_file), given) if _any_in(folder, paths)), None)


def _near(ann_file: Path, given: str | Path | None) -> Iterator[Path]:
    for start in (ann_file.parent, *([] if given is None else [Path(given)])):
        for folder in (start, start.parent, start.parent.parent):
            yield folder
            yield from (folder / name for name in _NEAR)


def _any_in(root: str | Path, paths: Sequence[str]) -> bool:
    return any(os.path.lexists(os.path.join(root, path)) for path in paths)
