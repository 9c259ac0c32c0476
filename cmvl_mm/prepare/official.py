"""Known facts about the official lists of a data set, and a check whether a folder holds them.

The lists of UCF101 and HMDB51 are known to the byte (`official.sha256`, which `sha256sum -c` reads too). The lists of
Kinetics change as videos disappear, so only their number of classes is known.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple

from cmvl_mm.datasets.list_file import Entry

from .list_parsers import ListError, Split, read_hmdb51, read_kinetics, read_ucf101

OWN = 'Remedy: fetch the official lists again; if you changed them on purpose, pass --own-lists'


@dataclass(frozen=True)
class Facts:
    """Known facts about a data set."""

    num_classes: int
    sizes: tuple[tuple[int, int], ...]
    """(training, test) videos of each split; empty if unknown."""
    file_names: Literal['any case', 'exact']
    """Whether names of files that differ in case are the same video."""


UCF101 = Facts(101, ((9537, 3783), (9586, 3734), (9624, 3696)), 'any case')
HMDB51 = Facts(51, ((3570, 1530),) * 3, 'any case')
DATASETS = {
    'ucf101': UCF101,
    'hmdb51': HMDB51,
    'kinetics400': Facts(400, (), 'exact'),
    'kinetics600': Facts(600, (), 'exact'),
    'kinetics700': Facts(700, (), 'exact'),
}


class DatasetLists(NamedTuple):
    """The lists of a data set, read and checked."""

    dataset: str
    classes: list[str]
    parts: dict[str, list[Entry]]
    """Entries by the name of the list that configs read, `train_split1` or `train`; paths as in `Split`."""
    check: str
    """A description of the checks."""


def read_dataset_lists(dataset: str, folder: Path, *, origin: Literal['official', 'own']) -> DatasetLists:
    """Read all lists of a data set from the folder of its original lists.

    Args:
        dataset: a key of `DATASETS`.
        folder: the folder as downloaded.
        origin: 'own' lists were changed on purpose, and are not compared with the known facts.

    Raises:
        FileNotFoundError: a list is missing.
        ListError: a list cannot be read, or is not the official one.
    """
    facts = DATASETS[dataset]
    splits: dict[str, Split]
    if facts.sizes:
        read = read_ucf101 if dataset == 'ucf101' else read_hmdb51
        splits = {f'_split{number}': read(folder, number) for number in range(1, len(facts.sizes) + 1)}
        second = 'test'
    else:
        splits, second = {'': read_kinetics(folder)}, 'val'
    parts: dict[str, list[Entry]] = {}
    for suffix, split in splits.items():
        parts |= {f'train{suffix}': split.train, f'{second}{suffix}': split.test}
    classes = next(iter(splits.values())).classes
    if origin == 'own':
        return DatasetLists(dataset, classes, parts, 'not checked: own lists')
    problems = _wrong_counts(facts, splits) + _wrong_files(dataset, folder)
    if problems:
        more = f'\n  and {len(problems) - 10} more' if len(problems) > 10 else ''
        listed = ''.join(f'\n  {problem}' for problem in problems[:10])
        raise ListError(f'{folder}: these are not the official lists of {dataset}:{listed}{more}\n{OWN}.')
    check = (
        'sha256 and numbers of videos are the official ones'
        if facts.sizes
        else 'sha256 not checked: no official value is known'
    )
    return DatasetLists(dataset, classes, parts, check)


def _wrong_counts(facts: Facts, splits: dict[str, Split]) -> list[str]:
    found = len(next(iter(splits.values())).classes)
    problems = [f'{found} classes, expected {facts.num_classes}'] if found != facts.num_classes else []
    for number, (split, (train, test)) in enumerate(zip(splits.values(), facts.sizes, strict=False), start=1):
        if (len(split.train), len(split.test)) != (train, test):
            sizes = f'{len(split.train)} training and {len(split.test)} test videos'
            problems.append(f'split {number}: {sizes}, expected {train} and {test}')
    return problems


def _wrong_files(dataset: str, folder: Path) -> list[str]:
    problems = []
    for name, expected in known_hashes(dataset).items():
        path = folder / name
        if not path.is_file():
            problems.append(f'{name}: it is missing')
        elif (found := hashlib.sha256(path.read_bytes()).hexdigest()) != expected:
            problems.append(f'{name}: sha256 {found}, expected {expected}')
    return problems


def known_hashes(dataset: str) -> dict[str, str]:
    """File name -> sha256; empty if none is known. The hash is over unchanged bytes: line ends count."""
    lines = files(__package__).joinpath('official.sha256').read_text(encoding='ascii').splitlines()
    pairs = [line.split('  ') for line in lines]
    return {path.removeprefix(f'{dataset}/'): value for value, path in pairs if path.startswith(f'{dataset}/')}
