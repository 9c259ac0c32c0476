"""The official lists of UCF101 and HMDB51 -> entries with labels from 0, in official (HMDB51: alphabetical) order."""

from pathlib import Path
from typing import Literal, NamedTuple

from .annotation import Entry

HMDB_TRAIN, HMDB_TEST = '1', '2'  # the flag behind a name; 0 is in neither part of a split


class Split(NamedTuple):
    """One official split: paths without suffix, `Class/name`, with labels."""

    train: list[Entry]
    test: list[Entry]
    classes: list[str]


def read_ucf101(folder: Path, number: int) -> Split:
    """`classInd.txt`, `trainlist0N.txt`, `testlist0N.txt`.

    Raises:
        FileNotFoundError: a list is missing.
    """
    numbered = [line.split() for line in (folder / 'classInd.txt').read_text().splitlines() if line.strip()]
    classes = [name for _, name in sorted(numbered, key=lambda pair: int(pair[0]))]  # nearly, but not quite, A to Z
    parts: dict[str, list[Entry]] = {}
    for name in ('trainlist', 'testlist'):
        lines = (folder / f'{name}{number:02d}.txt').read_text().splitlines()
        paths = [line.split()[0].removesuffix('.avi') for line in lines if line.strip()]
        parts[name] = [Entry(path, classes.index(path.split('/')[0])) for path in paths]
    return Split(parts['trainlist'], parts['testlist'], classes)


def read_hmdb51(folder: Path, number: int) -> Split:
    """`<class>_test_split<N>.txt`, one a class: lines `name.avi flag`.

    Raises:
        FileNotFoundError: there is no list of this split.
    """
    ending = f'_test_split{number}.txt'
    classes = sorted(path.name.removesuffix(ending) for path in folder.glob(f'*{ending}'))
    if not classes:
        raise FileNotFoundError(f'{folder}: there are no lists *{ending}')
    train: list[Entry] = []
    test: list[Entry] = []
    for label, name in enumerate(classes):
        for line in (folder / f'{name}{ending}').read_text().splitlines():
            video, flag = line.split()
            entry = Entry(f'{name}/{video.removesuffix(".avi")}', label)
            if flag in (HMDB_TRAIN, HMDB_TEST):
                (train if flag == HMDB_TRAIN else test).append(entry)
    return Split(train, test, classes)


def read_split(dataset: Literal['ucf101', 'hmdb51'], folder: Path, number: int) -> Split:
    """One official split of a data set, from the folder that holds its own lists."""
    return read_ucf101(folder, number) if dataset == 'ucf101' else read_hmdb51(folder, number)
