"""Names of the classes, from the file that `cmvl prepare` writes to the folder of the lists."""

from pathlib import Path

import numpy as np

from .list_file import read_text
from .list_scan import NO_LABEL


def class_names(path: Path, labels: np.ndarray) -> dict[str, tuple[str, ...]]:
    """`dict(classes=…)`, one name per line of the file; empty if there is no file or the list has labels beyond it.

    Args:
        path: the file.
        labels: (n,) class of each line of the list, or `NO_LABEL`.

    Raises:
        ValueError: the file is not text in UTF-8 or UTF-16.
    """
    if not path.is_file():
        return {}
    names = tuple(read_text(path).splitlines())
    highest = labels.max(initial=NO_LABEL)
    return dict(classes=names) if highest != NO_LABEL and highest < len(names) else {}
