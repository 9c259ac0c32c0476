"""Is the folder of a list the right one?"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_NEAR = ('prepared', 'videos', 'prepared/videos')
"""Folders beside a list, or above it, that often hold its videos."""


def check_present(ann_file: str, key: str, root: str, paths: Sequence[str]) -> None:
    """Refuse a folder that is not there, or that holds none of some videos. Single missing ones are no fault of it.

    Args:
        ann_file: the list.
        key: of `data_prefix`.
        root: the folder.
        paths: of the list, relative to the folder; looked for until one is there.

    Raises:
        FileNotFoundError: names folder, list, first video, the right folder where there is one near, and remedy.
    """
    if os.path.isdir(root or os.curdir) and (not paths or _any_in(root, paths)):
        return
    remedy = f"Remedy: set data_prefix=dict({key}='folder') to the folder that the paths of {ann_file} begin in."
    found = find_root(ann_file, paths, root) if paths else None
    if found is not None:
        remedy = f"They are in {found}. Remedy: data_prefix=dict({key}='{found}'), or data='{ann_file}' for all lists."
    if not os.path.isdir(root or os.curdir):
        raise FileNotFoundError(f'{root}: data_prefix[{key!r}] is no folder. {remedy}')
    raise FileNotFoundError(
        f'{os.path.join(root, paths[0])}: there is no such file, and no other of the first {len(paths)} videos of '
        f'{ann_file} in {root}. {remedy}'
    )


def find_root(ann_file: str | Path, paths: Sequence[str], given: str | Path | None = None) -> Path | None:
    """The folder in which some of these videos lie: near the list, or near a folder that was given.

    Args:
        ann_file: the list.
        paths: of the list.
        given: a folder in which they are not.

    Returns:
        None where none of the folders that are looked at holds any.
    """
    return next((folder for folder in _near(Path(ann_file), given) if _any_in(folder, paths)), None)


def _near(ann_file: Path, given: str | Path | None) -> Iterator[Path]:
    for start in (ann_file.parent, *([] if given is None else [Path(given)])):
        for folder in (start, start.parent, start.parent.parent):
            yield folder
            yield from (folder / name for name in _NEAR)


def _any_in(root: str | Path, paths: Sequence[str]) -> bool:
    return any(os.path.lexists(os.path.join(root, path)) for path in paths)
