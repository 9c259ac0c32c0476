"""The videos of a folder or of an annotation list, and what each is to be called when it is prepared."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_CONTAINERS = '264 3gp asf avi flv h264 m2ts m4v mkv mov mp4 mpeg mpg mts ogv ts vob webm wmv'
SUFFIXES = frozenset(f'.{name}' for name in _CONTAINERS.split())
"""File names that end so are taken for videos when a folder is searched; in a list, every name is."""


_SHELL = frozenset('$`|<>"*?\\')
_STRUCTURED = frozenset({'.json', '.pickle', '.pkl', '.yaml', '.yml'})


@dataclass(frozen=True)
class Source:
    """One video to prepare; paths are relative, with '/'."""

    path: str
    target: str
    label: int | None


@dataclass(frozen=True)
class Listing:
    """All that was found."""

    sources: tuple[Source, ...]
    classes: tuple[str, ...]
    """Names by label; empty without class folders, and for lists."""
    refused: tuple[tuple[str, str], ...]
    """(path, reason) of what cannot be prepared under its name."""


def find_in_folder(root: Path) -> Listing:
    """Every video below ``root``, sorted by path.

    Where all lie in sub-folders, the innermost folder is the class, and labels count the sorted class names;
    else there are no labels.  Symbolic links to folders are not followed, nor links that leave ``root``.
    """
    paths, refused = _checked(root, sorted(_walk(root)))
    folders = [PurePosixPath(path).parent.name for path in paths]
    classes = tuple(sorted(set(folders))) if folders and all(folders) else ()
    labels = [classes.index(folder) if classes else None for folder in folders]
    return _named(root, zip(paths, labels, strict=True), classes, refused)


def find_in_list(ann_file: Path, root: Path) -> Listing:
    """The videos of an annotation list, in its order.

    (MMAction2's own data sets split at every space: there, names with spaces do not work.)

    Raises:
        ValueError: this is no text list.
    """
    entries: dict[str, int | None] = {}
    for line in list_lines(ann_file):
        path, label = split_label(line)
        if path:
            entries.setdefault(path, label)
    paths, refused = _checked(root, entries)
    return _named(root, [(path, entries[path]) for path in paths], (), refused)


def list_lines(ann_file: Path) -> list[str]:
    """The lines of an annotation list as they are; the only line end is a line feed.

    Raises:
        ValueError: it is another kind of file. Annotations as pickle or YAML, which readers elsewhere run code from,
            are not read at all.
    """
    remedy = 'Remedy: a text file in UTF-8 with one "relative/path.mp4 label" a line.'
    if ann_file.suffix.lower() in _STRUCTURED:
        raise ValueError(f'{ann_file}: {ann_file.suffix} files are not read as lists. {remedy}')
    try:
        return ann_file.read_bytes().decode('utf-8').split('\n')
    except UnicodeDecodeError as error:
        raise ValueError(f'{ann_file}: this is no text: byte {error.start} is not UTF-8. {remedy}') from None


def split_label(line: str) -> tuple[str, int | None]:
    """Path and label of a line ``relative/path label`` or ``relative/path``.

    The last word is the label if it is a whole number; all before it, spaces included, is the path.
    """
    text = line.strip()
    path, _, last = text.rpartition(' ')
    return (path.rstrip(), int(last)) if path and last.isascii() and last.isdigit() else (text, None)


def write_list(path: Path, sources: Iterable[Source]) -> None:
    """``target label`` or ``target``, one a line; whoever reads the file meanwhile sees the old one or the
    new one."""
    lines = [f'{s.target}\n' if s.label is None else f'{s.target} {s.label}\n' for s in sources]
    replace_text(path, ''.join(lines))


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step."""
    temporary = path.with_name(f'{path.name}.{os.getpid()}.part')
    temporary.write_text(text, encoding='utf-8')
    os.replace(temporary, path)


def _walk(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):  # follows no link to a folder
        for name in names:
            if os.path.splitext(name)[1].lower() in SUFFIXES:
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, '/')


def _checked(root: Path, paths: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The usable paths, and the others with the reason."""
    good, refused = [], []
    real_root = os.path.realpath(root)
    for path in paths:
        reason = name_fault(path)
        if reason is None:
            real = os.path.realpath(os.path.join(root, path))
            if os.path.commonpath([real_root, real]) != real_root:
                reason = 'it leads out of the source folder'
        if reason is None:
            good.append(path)
        else:
            refused.append((path.encode('utf-8', 'backslashreplace').decode(), reason))
    return good, refused


def name_fault(path: str) -> str | None:
    """Why this path cannot stand in a list of one line a video, or would be dangerous there; None if it can.

    No name ever reaches a shell here. Those that would run or open something in one are refused nevertheless, for the
    sake of whoever hands a list to a script. The official names of HMDB51 hold each of ``;&()[]!#~``: these are taken
    as they are, like the apostrophe.
    """
    if not path.isprintable():  # control characters, line ends of all kinds, undecodable bytes
        return f'its name cannot be written in one line of a list: {path!a}'
    if path != path.strip():
        return f'its name begins or ends with a space: {path!r}'
    if path.startswith('/') or '..' in path.split('/'):
        return 'it leads out of the root; list it relative to that, without ".."'
    if acted_upon := sorted(_SHELL.intersection(path)):
        return f'its name holds {" ".join(acted_upon)}, which a shell acts upon; rename the file'
    return None


def _named(
    root: Path,
    labelled: Iterable[tuple[str, int | None]],
    classes: tuple[str, ...],
    refused: list[tuple[str, str]],
) -> Listing:
    sources: list[Source] = []
    taken: dict[str, str] = {}
    siblings: dict[str, list[str]] = {}
    for path, label in labelled:
        folder = os.path.dirname(path)
        if folder not in siblings:
            siblings[folder] = _stems(root / folder)
        stem, suffix = os.path.splitext(path)
        # a.avi and a.mkv become a.avi.mp4 and a.mkv.mp4.  The folder decides, not the list, so that lists of
        # one folder, prepared one after the other, agree.
        shared = siblings[folder].count(os.path.basename(stem)) > 1
        target = f'{stem}{suffix if shared else ""}.mp4'
        if target in taken:
            refused.append((path, f'{taken[target]} becomes {target} as well; rename one of them'))
            continue
        taken[target] = path
        sources.append(Source(path, target, label))
    return Listing(tuple(sources), classes, tuple(refused))


def _stems(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    splits = map(os.path.splitext, os.listdir(folder))
    return [stem for stem, suffix in splits if suffix.lower() in SUFFIXES]
