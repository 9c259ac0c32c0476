"""Read and write the text of an annotation list: `relative/path.mp4 label`, one video per line.

* A list is UTF-8, with or without a byte-order mark, or UTF-16 with one. Lines end with LF or CR LF.
* The last word of a line is the label if it is a whole number. Any number of spaces and tabs precedes it. The text
  before them is the path, spaces included; a line without a label is a path.
* Only the space U+0020, the tab and the carriage return are stripped from the ends of a line. No-break and other spaces
  belong to the name, and so do commas, quotes, joiners and direction marks.

MMAction2's own data sets split a line at every U+0020 and strip spaces of all kinds: they read the same paths, except
paths that contain U+0020 or begin with another kind of space.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLANKS = ' \t\r'
_STRUCTURED = frozenset({'.json', '.pickle', '.pkl', '.yaml', '.yml'})
_REMEDY = 'Remedy: write a UTF-8 text file with one "relative/path.mp4 label" per line.'
_SHELL = frozenset('$`|<>"*?\\')
_NOT_IN_A_LINE = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029]')  # control characters and line breaks of all kinds
_REMEDIES = {'\r': 'end each line with a line feed', '\0': 'save the list as UTF-8, if it is UTF-16'}
_UNDECODABLE = re.compile('[\ud800-\udfff]')  # Python's surrogates for bytes of a file name that are not UTF-8
_SUSPECT = re.compile(
    '[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff$`|<>"*?\\\\]|^[ /]| $|[.][.]'
)  # else faultless
_PLAIN_LINE = re.compile(r'([\w-][\w/-]*(?:[.][\w/-]+)*) (\d{1,18})', re.ASCII)  # most lines, read in one search
LONGEST_LABEL = 18  # digits: longer labels do not fit int64


class Entry(NamedTuple):
    """One line: a path relative to the root, and its class or None."""

    path: str
    label: int | None


class LineError(ValueError):
    """A line does not hold a usable path; ``path`` is its text, ``reason`` the cause and the remedy."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f'the path {path!r} is refused: {reason}')
        self.path, self.reason = path, reason


def printable(text: str) -> str:
    """A path as one line of UTF-8, for reports: other characters are escaped as in Python."""
    whole = text.encode('utf-8', 'backslashreplace').decode()
    return _NOT_IN_A_LINE.sub(lambda found: ascii(found[0])[1:-1], whole)


def read_text(path: Path) -> str:
    """Read a text file without its byte-order mark; line ends stay unchanged.

    Raises:
        ValueError: the file is neither UTF-8 nor UTF-16 with a byte-order mark.
    """
    data = path.read_bytes()
    wide = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    try:
        return data.decode('utf-16' if wide else 'utf-8-sig')
    except UnicodeDecodeError as error:
        raise not_text(path, error.start, wide=wide) from None


def not_text(path: Path, byte: int, *, wide: bool = False) -> ValueError:
    """The error for a file that is not text at this byte."""
    name = 'UTF-16, as its first two bytes say' if wide else 'UTF-8'
    return ValueError(f'{path}: this is not text: byte {byte} is not {name}. {_REMEDY}')


def refuse_other_kinds(path: Path) -> None:
    """Refuse pickles, YAML and JSON as lists.

    Raises:
        ValueError: the file name has such a suffix.
    """
    if path.suffix.lower() in _STRUCTURED:
        raise ValueError(f'{path}: a {path.suffix} file cannot be a list. {_REMEDY}')


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, text without blanks at its ends) of each line that is not blank.

    Raises:
        ValueError: the file is not a text list.
    """
    refuse_other_kinds(path)
    for number, line in enumerate(read_text(path).split('\n'), start=1):
        if text := line.strip(BLANKS):
            yield number, text


def parse_line(line: str) -> Entry:
    """Path and label of one line.

    Raises:
        LineError: the path is missing, or is not allowed in a list: see `name_fault`.
    """
    if plain := _PLAIN_LINE.fullmatch(line):
        return Entry(plain[1], int(plain[2]))
    path, label = _split(line.removesuffix('\n').strip(BLANKS))
    if not path or (label is None and path.isascii() and path.isdigit()):
        raise LineError(path, 'the line has a label but no path')
    if '\t' in path:
        raise LineError(path, 'a tab is allowed only before the label, a whole number')
    if fault := name_fault(path):
        raise LineError(path, fault)
    return Entry(path, label)


def _split(text: str) -> tuple[str, int | None]:
    place = max(text.rfind(' '), text.rfind('\t'))
    last = text[place + 1 :]
    if place < 0 or not (last.isascii() and last.isdigit()):
        return text, None
    if len(last) > LONGEST_LABEL:
        raise LineError(text, f'its label has {len(last)} digits')
    return text[:place].rstrip(' \t'), int(last)


def format_line(entry: Entry) -> str:
    """The line of an entry, with a line feed.

    Raises:
        ValueError: reading the line would not give the same entry.
    """
    line = entry.path if entry.label is None else f'{entry.path} {entry.label}'
    if parse_line(line) != entry:
        raise ValueError(f'{entry} cannot be written as one line of a list')
    return f'{line}\n'


def name_fault(path: str) -> str | None:
    """Why this path is not allowed in a list; None if it is allowed.

    The toolkit passes no name to a shell. Names with a character of `_SHELL` are still refused, for scripts that do.
    The official names of HMDB51 contain each of ``;&()[]!#~``: these are accepted, like the apostrophe.
    """
    if not _SUSPECT.search(path):  # one search per line: lists have millions
        return None
    if found := _UNDECODABLE.search(path):
        return f'its name has the byte {ord(found[0]) & 0xFF:#04x}, but lists must be UTF-8; rename the file'
    if found := _NOT_IN_A_LINE.search(path):
        code = f'U+{ord(found[0]):04X}'
        remedy = _REMEDIES.get(found[0], 'rename the file')
        return f'its name has {code}, a line break or control character, which a list cannot contain; {remedy}'
    if path.startswith('\ufeff'):
        return 'its name starts with U+FEFF, which readers of lists mistake for a byte-order mark; rename the file'
    if path != path.strip(' '):
        return 'its name starts or ends with a space, which a list does not keep; rename the file'
    if path.startswith('/') or '..' in path.split('/'):
        return 'it leads out of the root; write it relative to the root, without ".."'
    if '\\' in path:
        return 'it has a backslash: write "/" between folders; if the file name has one, rename the file'
    if acted_upon := sorted(_SHELL.intersection(path)):
        return f'its name has {" ".join(acted_upon)}, which a shell interprets; rename the file'
    return None
