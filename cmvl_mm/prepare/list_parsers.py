"""Parse the lists of UCF101, HMDB51 and Kinetics to entries with labels from 0.

Classes are in official order: UCF101's own order, A to Z for the others.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cmvl_mm.datasets.list_file import Entry, numbered_lines, parse_line, read_text

HMDB_TRAIN, HMDB_TEST, HMDB_UNUSED = 1, 2, 0  # the flag after a name
KINETICS_COLUMNS = ('label', 'youtube_id', 'time_start', 'time_end', 'split')
KINETICS_FILES = {'train': ('train.csv',), 'val': ('val.csv', 'validate.csv')}  # one file per part
KINETICS_SPLITS = {'train': ('train',), 'val': ('val', 'validate')}  # values of their column `split`


class ListError(ValueError):
    """A data set's list is not as expected; the message names file, line or number, and remedy."""


class Split(NamedTuple):
    """One split: paths without suffix (`Class/name`; Kinetics: `name`), with labels."""

    train: list[Entry]
    test: list[Entry]
    classes: list[str]


def read_ucf101(folder: Path, number: int) -> Split:
    """Read `classInd.txt`, `trainlist0N.txt` and `testlist0N.txt`.

    Class names are compared without regard to case: HandstandPushups is HandStandPushups in other places.

    Raises:
        FileNotFoundError: a list is missing.
        ListError: a line has another form, names a class that is not in `classInd.txt`, or has another class's number.
    """
    numbered: dict[int, str] = {}
    for where, text in _lines(folder / 'classInd.txt'):
        words = text.split(maxsplit=1)
        if len(words) != 2 or not words[0].isdecimal():
            raise ListError(f'{where}: expected "number Class", found {text!r}.')
        numbered[int(words[0])] = words[1]
    classes = [numbered[index] for index in sorted(numbered)]  # nearly, but not quite, A to Z
    labels = {name.casefold(): label for label, name in enumerate(classes)}
    parts: dict[str, list[Entry]] = {}
    for part in ('trainlist', 'testlist'):
        parts[part] = []
        for where, (name, official) in _entries(folder / f'{part}{number:02d}.txt'):
            label = labels.get(name.split('/')[0].casefold())
            if label is None:
                raise ListError(f'{where}: the class of {name!r} is not in classInd.txt.')
            if official not in (None, label + 1):
                raise ListError(f'{where}: {name!r} is of class {label + 1}, not {official}.')
            parts[part].append(Entry(name.removesuffix('.avi'), label))
    return Split(parts['trainlist'], parts['testlist'], classes)


def read_hmdb51(folder: Path, number: int) -> Split:
    """Read `<class>_test_split<N>.txt`, one file per class, with lines `name.avi flag`.

    Raises:
        FileNotFoundError: there is no list of this split.
        ListError: a line has another form.
    """
    ending = f'_test_split{number}.txt'
    classes = sorted(path.name.removesuffix(ending) for path in folder.glob(f'*{ending}'))
    if not classes:
        raise FileNotFoundError(f'{folder}: there are no lists *{ending}. Remedy: check the folder of the lists.')
    train: list[Entry] = []
    test: list[Entry] = []
    parts: dict[int | None, list[Entry]] = {HMDB_TRAIN: train, HMDB_TEST: test, HMDB_UNUSED: []}
    for label, name in enumerate(classes):
        for where, (video, flag) in _entries(folder / f'{name}{ending}'):
            if flag not in parts:
                raise ListError(f'{where}: expected "name.avi" and 0, 1 or 2, found {video!r} and {flag}.')
            parts[flag].append(Entry(f'{name}/{video.removesuffix(".avi")}', label))
    return Split(train, test, classes)


def read_kinetics(folder: Path) -> Split:
    """Read `train.csv` and `val.csv` or `validate.csv`; `test` of the result is the validation part.

    Paths are `<youtube_id>_<start>_<end>` with six digits each, like the names of the videos.

    Raises:
        FileNotFoundError: a list is missing.
        ListError: both names of one part exist, a column is missing, or a line has another form or part.
    """
    rows: dict[str, list[tuple[str, str]]] = {part: list(_kinetics_rows(folder, part)) for part in KINETICS_FILES}
    classes = sorted({label for part in rows.values() for label, _ in part})
    labels = {name: label for label, name in enumerate(classes)}
    train, test = ([Entry(name, labels[label]) for label, name in rows[part]] for part in ('train', 'val'))
    return Split(train, test, classes)


def _kinetics_rows(folder: Path, part: str) -> Iterator[tuple[str, str]]:
    """(class, name) of each line."""
    names = KINETICS_FILES[part]
    found = [folder / name for name in names if (folder / name).is_file()]
    if not found:
        raise FileNotFoundError(
            f'{folder}: there is no list {" or ".join(names)}. Remedy: check the folder of the lists.'
        )
    if len(found) > 1:
        raise ListError(f'{folder}: there are both {" and ".join(names)}. Remedy: remove one of them.')
    with _as_list_error():
        text = read_text(found[0])
    reader = csv.DictReader(io.StringIO(text, newline=''))
    absent = [name for name in KINETICS_COLUMNS if name not in (reader.fieldnames or ())]
    if absent:
        raise ListError(f'{found[0]}: the column {absent[0]!r} is missing; it has {reader.fieldnames}.')
    for row in reader:
        label, video, start, end, split = (row[name] or '' for name in KINETICS_COLUMNS)
        if not (label and video and start.isdecimal() and end.isdecimal()):
            raise ListError(f'{found[0]}, line {reader.line_num}: expected label, id and whole seconds, found {row}.')
        if split not in KINETICS_SPLITS[part]:
            raise ListError(f'{found[0]}, line {reader.line_num}: the split is {split!r}, not {part!r}.')
        yield label, f'{video}_{int(start):06d}_{int(end):06d}'


def _lines(path: Path) -> list[tuple[str, str]]:
    """'<path>, line <n>' and the text of each line that is not blank."""
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such list. Remedy: check the folder of the lists.')
    with _as_list_error():
        return [(f'{path}, line {number}', text) for number, text in numbered_lines(path)]


def _entries(path: Path) -> Iterator[tuple[str, Entry]]:
    """'<path>, line <n>', and the name and number of each line that is not blank."""
    for where, text in _lines(path):
        with _as_list_error(f'{where}: '):
            entry = parse_line(text)
        yield where, entry


@contextmanager
def _as_list_error(where: str = '') -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ListError(f'{where}{error}') from None
