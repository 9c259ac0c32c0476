"""The videos of a folder or of an annotation list, and what each is to be called when it is prepared."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from cmvl_mm.datasets.list_file import Entry, LineError, format_line, name_fault, numbered_lines, parse_line, printable
from cmvl_mm.files.atomic import replace_text
from cmvl_mm.prepare.suffixes import SUFFIXES

_LONGEST_NAME = 255 - len('.4194304.4194304.part')  # bytes: while it is written, a file has a longer name
_APPLE_DOUBLE = b'\x00\x05\x16\x07'  # RFC 1740: what macOS keeps beside a file on disks of other systems


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
    unread: tuple[tuple[str, str], ...]
    """(path, reason) of folders that cannot be read, so that nobody knows what is in them."""
    not_taken: dict[str, tuple[str, ...]]
    """What a folder holds beside videos: paths by kind, which is the suffix, 'no suffix', 'link to a folder' or
    'AppleDouble'."""


def find_in_folder(root: Path) -> Listing:
    """Every video below ``root``, sorted by path; `SUFFIXES` tell what is a video.

    Where all lie in sub-folders, the innermost folder is the class, and labels count the sorted class names;
    else there are no labels.  Symbolic links to folders are not followed, nor links that leave ``root``.

    Raises:
        OSError: the folder itself cannot be read.
    """
    found, not_taken, unread = _searched(root)
    paths, refused = _checked(root, found)
    folders = [PurePosixPath(path).parent.name for path in paths]
    classes = tuple(sorted(set(folders))) if folders and all(folders) else ()
    label_of = {name: label for label, name in enumerate(classes)}
    entries = [Entry(path, label_of.get(folder)) for path, folder in zip(paths, folders, strict=True)]
    sources = _named(root, entries, refused)
    return Listing(sources, classes, tuple(refused), tuple(unread), not_taken)


def find_in_list(ann_file: Path, root: Path) -> Listing:
    """The videos of an annotation list, in its order; a video that is listed again counts once.

    Raises:
        ValueError: this is no text list.
    """
    labels: dict[str, int | None] = {}
    refused = []
    for number, line in numbered_lines(ann_file):
        try:
            path, label = parse_line(line)
        except LineError as error:
            refused.append((printable(error.path), error.reason))
            continue
        path = str(PurePosixPath(path))  # ./a//b.mp4 is a/b.mp4
        if labels.setdefault(path, label) != label:
            refused.append((path, f'line {number} gives it the label {label}, a line before it {labels[path]}'))
    paths, strangers = _checked(root, labels)
    entries = [Entry(path, labels[path]) for path in paths]
    refused += strangers
    sources = _named(root, entries, refused)
    return Listing(sources, (), tuple(refused), (), {})


def write_list(path: Path, sources: Iterable[Source]) -> None:
    """``target label`` or ``target``, one a line; whoever reads the file meanwhile sees the old one or the
    new one."""
    replace_text(path, ''.join(format_line(Entry(source.target, source.label)) for source in sources))


def _searched(root: Path) -> tuple[list[str], dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """Sorted paths of videos, the other paths by kind, and (path, reason) of folders that cannot be read."""
    kinds: dict[str | None, list[str]] = {}
    errors: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=errors.append):  # follows no link to a folder
        for name in names:
            path = os.path.join(folder, name)
            kinds.setdefault(_kind(path), []).append(_relative(path, root))
        links = [path for name in folders if os.path.islink(path := os.path.join(folder, name))]
        if links:
            kinds.setdefault('link to a folder', []).extend(_relative(path, root) for path in links)
    videos = sorted(kinds.pop(None, ()))
    for error in errors:
        if os.path.normpath(error.filename) == os.path.normpath(root):
            raise error
    unread = [(printable(_relative(error.filename, root)), str(error.strerror)) for error in errors]
    others = {printable(str(kind)): tuple(map(printable, sorted(paths))) for kind, paths in sorted(kinds.items())}
    return videos, others, unread


def _kind(path: str) -> str | None:
    """None of a video."""
    name = os.path.basename(path)
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in SUFFIXES:
        return suffix or 'no suffix'
    if name.startswith('._') and os.path.isfile(path):
        try:
            with open(path, 'rb') as file:
                return 'AppleDouble' if file.read(4) == _APPLE_DOUBLE else None
        except OSError:  # reported when it is prepared
            return None
    return None


def _relative(path: str, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, '/')


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
            elif not os.path.lexists(os.path.join(root, path)):
                reason = _near_miss(root, path)
        if reason is None:
            good.append(path)
        else:
            refused.append((printable(path), reason))
    return good, refused


def _near_miss(root: Path, path: str) -> str | None:
    """What a path of a list, under which there is no file, probably means; None where nothing is like it."""
    found = re.fullmatch(r'(.+?),\s*(\d+)', path)
    if found and os.path.lexists(os.path.join(root, found[1])):
        return f'there is no such file; a comma separates nothing, write a space or a tab before the label {found[2]}'
    folder, name = os.path.split(os.path.join(root, path))
    same = [other for other in _names(folder) if normalize('NFC', other) == normalize('NFC', name)]
    if same:
        return f'there is no such file; {same[0]!a} looks alike and is spelt otherwise (Unicode normalisation)'
    return None


def _named(root: Path, entries: Iterable[Entry], refused: list[tuple[str, str]]) -> tuple[Source, ...]:
    """Entries with the names that they get; those for which there is none are appended to ``refused``."""
    sources: list[Source] = []
    taken: dict[str, str] = {}
    siblings: dict[str, Counter[str]] = {}
    for path, label in entries:
        folder = os.path.dirname(path)
        if folder not in siblings:
            siblings[folder] = _stems(root / folder)
        stem, suffix = os.path.splitext(path)
        # a.avi and a.mkv become a.avi.mp4 and a.mkv.mp4.  The folder decides, not the list, so that lists of
        # one folder, prepared one after the other, agree.
        shared = siblings[folder][os.path.basename(stem)] > 1
        target = f'{stem}{suffix if shared else ""}.mp4'
        if target in taken:
            refused.append((path, f'{taken[target]} becomes {target} as well; rename one of them'))
        elif (size := len(os.path.basename(target).encode())) > _LONGEST_NAME:
            refused.append((path, f'its name would take {size} bytes, and at most {_LONGEST_NAME} fit; rename it'))
        else:
            taken[target] = path
            sources.append(Source(path, target, label))
    return tuple(sources)


def _stems(folder: Path) -> Counter[str]:
    splits = map(os.path.splitext, _names(folder))
    return Counter(stem for stem, suffix in splits if suffix.lower() in SUFFIXES)


def _names(folder: str | Path) -> list[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []
