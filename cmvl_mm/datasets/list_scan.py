"""Find the starts and labels of the lines of a list: `list_file.parse_line` for a block of bytes at once.

NumPy finds the lines whose bytes show that `parse_line` accepts them, and their labels. All other lines are `odd`:
shell characters, control characters, two dots, blanks at an end, and others that need a check. `parse_line` decides on
odd lines, and only `parse_line` reports their errors.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .list_file import BLANKS, LONGEST_LABEL, Entry, parse_line

NO_LABEL = -1
"""Value in an array of labels for a line without a label. Labels in lines cannot be negative."""
_LF, _CR, _TAB, _DOT, _SLASH, _ZERO = b'\n\r\t./0'
_BLANK, _SUSPECT = 1, 2


def _kinds() -> bytes:
    """Byte -> 0, _BLANK or _SUSPECT. Bytes of characters that `name_fault` refuses are suspect.

    0xC2 begins U+0080 to U+00BF, 0xE2 the line breaks U+2028 and U+2029, 0xEF the mark U+FEFF. `parse_line` accepts
    other characters with the same first byte.
    """
    kinds = bytearray(256)
    for byte in (*range(32), *b'\x7f$`|<>"*?\\', 0xC2, 0xE2, 0xEF):
        kinds[byte] = _SUSPECT
    kinds[_LF] = kinds[_CR] = 0  # handled separately
    kinds[ord(' ')] = kinds[_TAB] = _BLANK
    return bytes(kinds)


_KINDS = _kinds()


def label_array(labels: Iterable[int | None]) -> np.ndarray:
    """(n,) int64, `NO_LABEL` for None."""
    return np.array([NO_LABEL if label is None else label for label in labels], np.int64)


class Lines(NamedTuple):
    """The lines of a block that are not empty."""

    numbers: np.ndarray
    """(n,) number of each line in the block, from 0; empty lines count."""
    starts: np.ndarray
    """(n,) first byte of each line."""
    stops: np.ndarray
    """(n,) one past the last byte of each line, before LF or CR LF."""
    blanks: np.ndarray
    """(n,) last space or tab of each line; before its start if it has none."""
    labels: np.ndarray
    """(n,) int64 label, or `NO_LABEL`; undefined for odd lines."""
    odd: np.ndarray
    """(n,) bool: `parse_line` must check the line."""


def scan(block: bytes) -> Lines:
    """The lines of a block, which ends after a line feed or with the list.

    Args:
        block: bytes of UTF-8 text.
    """
    data = np.frombuffer(block, np.uint8)
    kinds = np.frombuffer(block.translate(_KINDS), np.uint8)
    stops = np.flatnonzero(data == _LF)
    if len(data) and data[-1] != _LF:
        stops = np.append(stops, len(data))
    starts = np.empty_like(stops)
    starts[:1], starts[1:] = 0, stops[:-1] + 1
    returns = np.flatnonzero(data == _CR) if _CR in block else np.empty(0, np.int64)
    if len(returns):
        stops = stops - ((stops > starts) & (data[stops - 1] == _CR))
        follows = data[np.minimum(returns + 1, len(data) - 1)]
        returns = returns[(follows != _LF) & (returns + 1 < len(data))]  # other carriage returns end a line
    numbers = np.arange(len(stops))
    if not (kept := stops > starts).all():
        numbers, starts, stops = numbers[kept], starts[kept], stops[kept]
    odd = np.zeros(len(stops), bool)
    if not len(stops):
        return Lines(numbers, starts, stops, stops, stops, odd)
    blanks = _last_blanks(np.flatnonzero(kinds == _BLANK), starts, stops)
    odd |= (kinds[starts] == _BLANK) | (kinds[stops - 1] == _BLANK) | (data[starts] == _SLASH)
    odd |= (blanks > starts) & (kinds[np.maximum(blanks, 1) - 1] == _BLANK)
    odd |= (blanks < starts) & _digits(data[starts]) & _digits(data[stops - 1])  # one word: no path if a number
    _mark(odd, starts, np.flatnonzero(kinds == _SUSPECT))
    _mark(odd, starts, returns)
    if b'..' in block:
        _mark(odd, starts, np.flatnonzero((data[:-1] == _DOT) & (data[1:] == _DOT)))
    labels = _labels(data, starts, stops, blanks, odd)
    if _TAB in block:  # allowed only right before a label
        _mark(odd, starts, np.setdiff1d(np.flatnonzero(data == _TAB), blanks, assume_unique=True))
        odd |= (labels == NO_LABEL) & (blanks > starts) & (data[np.maximum(blanks, 0)] == _TAB)
    return Lines(numbers, starts, stops, blanks, labels, odd)


def _last_blanks(blanks: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """The last blank before each stop; before the start, or -1, if the line has none."""
    if len(blanks) == len(stops) and ((blanks >= starts) & (blanks < stops)).all():  # the usual list
        return blanks
    return np.append(blanks, -1)[np.searchsorted(blanks, stops) - 1]


def _digits(data: np.ndarray) -> np.ndarray:
    """Which bytes are '0' to '9'; lower bytes wrap to large numbers."""
    return data - np.uint8(_ZERO) < 10


def _mark(odd: np.ndarray, starts: np.ndarray, positions: np.ndarray) -> None:
    """Mark the lines that contain these bytes as odd."""
    odd[np.searchsorted(starts, positions, 'right') - 1] = True


def _labels(data: np.ndarray, starts: np.ndarray, stops: np.ndarray, blanks: np.ndarray, odd: np.ndarray) -> np.ndarray:
    """The last words as numbers, digit by digit from the right; lines with too many digits become odd."""
    labels = np.zeros(len(stops), np.int64)
    labels[blanks < starts] = NO_LABEL
    rows, power = np.flatnonzero(blanks >= starts), 1
    for place in range(LONGEST_LABEL):
        rows = rows[stops[rows] - place > blanks[rows] + 1]
        if not len(rows):
            return labels
        found = data[stops[rows] - place - 1]
        if not (number := _digits(found)).all():
            labels[rows[~number]] = NO_LABEL
            rows, found = rows[number], found[number]
        labels[rows] += (found - np.uint8(_ZERO)).astype(np.int64) * power
        power *= 10
    odd[rows[stops[rows] - LONGEST_LABEL > blanks[rows] + 1]] = True
    return labels


def canonical(block: bytes) -> bytes:
    """`path TAB label LF` for each line of a block; a missing label is 'None'.

    Raises:
        LineError: `parse_line` refuses a line.
    """
    lines = scan(block)
    whole = block.endswith(b'\n') and len(lines.stops) == block.count(b'\n')  # no line is blank
    whole = whole and b'\r' not in block and not lines.odd.any()
    if whole and (lines.labels == NO_LABEL).all():
        return block.replace(b'\n', b'\tNone\n')
    if whole and (lines.labels != NO_LABEL).all():
        data = np.frombuffer(block, np.uint8).copy()
        leading = (data[lines.blanks + 1] == _ZERO) & (lines.stops - lines.blanks > 2)
        if not leading.any():
            data[lines.blanks] = _TAB
            return data.tobytes()
    return ''.join(f'{entry.path}\t{entry.label}\n' for entry in entries(block)).encode()


def entries(block: bytes) -> list[Entry]:
    """The entries of a block.

    Raises:
        LineError: `parse_line` refuses a line.
    """
    texts = (text.strip(BLANKS) for text in block.decode().split('\n'))
    return [parse_line(text) for text in texts if text]
