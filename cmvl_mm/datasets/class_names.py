"""Names of the classes, from the file that `cmvl prepare` writes beside the lists."""

from collections.abc import Iterable
from pathlib import Path

from .list_file import Entry, read_text


def class_names(path: Path, entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """`dict(classes=…)`, a line of the file each; empty where there is no file, or the list has labels beyond it.

    Raises:
        ValueError: the file is no text in UTF-8 or UTF-16.
    """
    if not path.is_file():
        return {}
    names = tuple(read_text(path).splitlines())
    labels = [entry.label for entry in entries if entry.label is not None]
    return dict(classes=names) if labels and min(labels) >= 0 and max(labels) < len(names) else {}
