"""Is the folder of a list the right one?"""

import os
from collections.abc import Sequence


def check_present(ann_file: str, key: str, root: str, paths: Sequence[str]) -> None:
    """Refuse a folder that is not there, or that holds none of some videos. Single missing ones are no fault of it.

    Args:
        ann_file: the list.
        key: of `data_prefix`.
        root: the folder.
        paths: of the list, relative to the folder; looked for until one is there.

    Raises:
        FileNotFoundError: names folder, list, first video and remedy.
    """
    remedy = f"Remedy: set data_prefix=dict({key}='folder') to the folder that the paths of {ann_file} begin in."
    if not os.path.isdir(root or os.curdir):
        raise FileNotFoundError(f'{root}: data_prefix[{key!r}] is no folder. {remedy}')
    if paths and not any(os.path.lexists(os.path.join(root, path)) for path in paths):
        raise FileNotFoundError(
            f'{os.path.join(root, paths[0])}: there is no such file, and no other of the first {len(paths)} videos of '
            f'{ann_file} in {root}. {remedy}'
        )
