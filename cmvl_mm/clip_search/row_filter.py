"""Filter the rows that a search may find by path, label and time, before ranking; every engine filters equally."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cmvl_mm.clip_search.errors import SearchError

Span = tuple[float | None, float | None]


@dataclass(frozen=True)
class RowFilter:
    """A filter of rows; a row must meet all conditions that are set.

    Raises:
        SearchError: no clip can lie in the span of time, or a bracket of the pattern is not closed.
    """

    path: str | None = None
    """Pattern for the whole path of a row: `*` is any text, also with '/', `?` one character, `[ab]` one of these
    characters, `[!ab]` any other character."""
    label: str | None = None
    """The exact label."""
    seconds: Span = (None, None)
    """Span of time that a clip must overlap, in seconds of its video; None for an open end."""

    def __post_init__(self) -> None:
        begin, end = self.seconds
        if not (-np.inf if begin is None else begin) < (np.inf if end is None else end):  # also NaN
            raise SearchError(
                f'seconds from {begin} to {end}: no clip can match. Remedy: choose the first below the second.'
            )
        self.path_regex()

    def __str__(self) -> str:
        begin, end = self.seconds
        told = [f'path {self.path!r}'] if self.path is not None else []
        told += [f'label {self.label!r}'] if self.label is not None else []
        told += [f'from {begin:g} s'] if begin is not None else []
        told += [f'to {end:g} s'] if end is not None else []
        return ', '.join(told)

    @property
    def columns(self) -> list[str]:
        """Columns that the filter reads; empty if every row passes."""
        begin, end = self.seconds
        wanted = dict(path=self.path, label=self.label, start=end, end=begin)
        return [name for name, value in wanted.items() if value is not None]

    def path_regex(self) -> str | None:
        """The pattern as a regular expression for the whole path, in the syntax that Python and Rust share."""
        return None if self.path is None else _regex_of(self.path)

    def mask(self, table: pa.Table) -> npt.NDArray[np.bool_] | None:
        """(n,) whether each row of a table with `columns` passes; None if all pass."""
        if not self.columns:
            return None
        passed = np.ones(len(table), bool)
        begin, end = self.seconds
        if begin is not None:
            passed &= table.column('end').to_numpy() > begin
        if end is not None:
            passed &= table.column('start').to_numpy() < end
        if self.label is not None:
            passed &= pc.equal(table.column('label'), self.label).fill_null(False).to_numpy()
        if self.path is not None:
            whole, names, places = re.compile(_regex_of(self.path)), *names_of(table.column('path'))
            passed &= np.array([whole.fullmatch(name) is not None for name in names], bool)[places]
        return passed


EVERY_ROW = RowFilter()


def names_of(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int64]]:
    """The distinct texts of a column, and (n,) the position of each row's text among them."""
    encoded = encoded_names(column)
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64)


def encoded_names(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A dictionary-encoded column of texts with each text once in the dictionary."""
    kind = pa.dictionary(pa.int32(), pa.string())
    chunks = [chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode() for chunk in column.chunks]
    return pa.chunked_array(chunks, kind).unify_dictionaries().combine_chunks()


def _regex_of(pattern: str) -> str:
    parts, place = [], 0
    while place < len(pattern):
        sign, place = pattern[place], place + 1
        if sign == '[':
            begin = place + pattern.startswith('!', place)
            close = pattern.find(']', begin + 1)  # a closing bracket in first place is a character
            if close < 0:
                raise SearchError(
                    f'path {pattern!r}: a [ is not closed. Remedy: close it, or write [[] for the character.'
                )
            inner = re.sub(r'([\\\[\]^&~|])', r'\\\1', pattern[begin:close])
            parts.append(f'[{"^" if begin > place else ""}{inner}]')
            place = close + 1
        else:
            parts.append({'*': '.*', '?': '.'}.get(sign) or re.escape(sign))
    return f'(?s:{"".join(parts)})'
