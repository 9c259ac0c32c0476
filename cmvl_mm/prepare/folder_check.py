"""Check which videos of a folder can be prepared, and under which names, by one listing of the folder."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from cmvl_mm.prepare.source_list import target_of
from cmvl_mm.prepare.suffixes import SUFFIXES

_LONGEST_NAME = 255 - len('.4194304.4194304.part')  # bytes: a file has a longer name while it is written


class Checked(NamedTuple):
    """The result of the check for one video."""

    fault: str | None
    """Why the video cannot be prepared; None if it can."""
    keeps_suffix: bool
    """Whether the target keeps the suffix, see `target_of`."""


def check_folder(root: Path, folder: str, names: Sequence[str]) -> list[Checked] | None:
    """Check some videos of a folder, from a list or from a search of the folder.

    Args:
        root: root folder of all videos.
        folder: folder below the root.
        names: names of the files, each once.

    Returns:
        One result per name; None if the folder does not exist, so that its names cannot be checked.
    """
    there = _Folder(root, folder)
    if not there.names and not os.path.isdir(there.path):
        return None
    found: list[Checked] = []
    taken: dict[str, str] = {}
    for name in names:
        # a.avi and a.mkv become a.avi.mp4 and a.mkv.mp4.  The folder decides, not the list, so that separately
        # prepared lists of one folder agree.
        keeps = os.path.splitext(name)[0] in there.shared_stems
        fault = there.fault_of(name)
        if fault is None:
            target = target_of(name, keeps_suffix=keeps)
            path, whole = (f'{folder}/{one}' if folder else one for one in (taken.setdefault(target, name), target))
            if taken[target] != name:
                fault = f'{path} would become {whole}, too; rename one of them'
            elif (size := len(target.encode())) > _LONGEST_NAME:
                fault = f'its name would need {size} bytes, at most {_LONGEST_NAME} are possible; rename it'
        found.append(Checked(fault, keeps))
    return found


class _Folder:
    """The contents of a folder."""

    def __init__(self, root: Path, folder: str) -> None:
        self.path = os.path.join(root, folder)
        self._real_root = os.path.realpath(root)
        self._leads_out = not self._is_inside(self.path)
        self.names: set[str] = set()
        self.shared_stems: set[str] = set()
        """Stems that several videos of this folder share."""
        self._links: set[str] = set()
        self._by_look: dict[str, str] | None = None
        stems: set[str] = set()
        if not os.path.isdir(self.path):
            return
        with os.scandir(self.path) as entries:
            for entry in entries:
                self.names.add(entry.name)
                if entry.is_symlink():
                    self._links.add(entry.name)
                stem, suffix = os.path.splitext(entry.name)
                if suffix.lower() in SUFFIXES:
                    (self.shared_stems if stem in stems else stems).add(stem)

    def fault_of(self, name: str) -> str | None:
        """Why the video of this name cannot be read; None if it can."""
        path = os.path.join(self.path, name)
        if (self._leads_out or name in self._links) and not self._is_inside(path):
            return 'it leads out of the source folder'
        if name in self.names or os.path.lexists(path):  # some file systems accept several spellings
            return None
        return self._near_miss(name)

    def _is_inside(self, path: str) -> bool:
        return os.path.commonpath([self._real_root, os.path.realpath(path)]) == self._real_root

    def _near_miss(self, name: str) -> str | None:
        """The file that a listed name without a file probably means; None if no file is similar."""
        found = re.fullmatch(r'(.+?),\s*(\d+)', name)
        if found and found[1] in self.names:
            return (
                f'there is no such file; a comma does not separate: write a space or a tab before the label {found[2]}'
            )
        if self._by_look is None:
            self._by_look = {normalize('NFC', other): other for other in self.names}
        same = self._by_look.get(normalize('NFC', name))
        if same is not None:
            return f'there is no such file; {same!a} looks the same but is spelled differently (Unicode normalisation)'
        return None
