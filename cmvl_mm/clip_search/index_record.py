"""What is known of an index: of which parts it is, how it was made, and what it misses. `record.json` beside it."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.parts_state import PartsState, is_state
from cmvl_mm.embedding.parts_manifest import PartsManifest
from cmvl_mm.files.atomic import replace_text

NAME = 'record.json'
FORMAT = 1
INDEX = 'index'
"""Folder of the indexes, beside the parts."""


@dataclass(frozen=True)
class Measured:
    """The index against the exact search, when it was built."""

    k: int
    queries: int
    """Rows, evenly spaced, whose vectors are searched for; the row itself does not count."""
    recall: float
    """Share of the exact k nearest rows that were found, the mean over the queries."""
    wanted: float
    """That probes were added for."""
    exact_seconds: float
    """Of all queries at once."""
    index_seconds: float
    """Likewise."""

    @property
    def ratio(self) -> float:
        """How many times as fast as the exact search the index is."""
        return self.exact_seconds / self.index_seconds


@dataclass(frozen=True)
class IndexRecord:
    """Beside the files of an index."""

    kind: str
    """'ivf' or 'lance'."""
    library: str
    """Name and version of what built it, 'faiss 1.15.1'."""
    rows: int
    channels: int
    settings: dict[str, int]
    """Of the kind: lists and probes of 'ivf', partitions and probes of 'lance'."""
    state: PartsState
    """Of the parts."""
    files: dict[str, int]
    """Bytes of each."""
    measured: Measured
    build_seconds: float
    version: str
    """Of the toolkit."""

    def write(self, folder: Path) -> None:
        """Into the index's folder, in one step."""
        stored = dict(format=FORMAT, **dataclasses.asdict(self))
        stored['state'] = self.state._asdict()
        replace_text(folder / NAME, json.dumps(stored, indent=1) + '\n')


def index_path(folder: Path, kind: str) -> Path:
    """Of an index, beside the parts of `folder`."""
    return folder / INDEX / kind


def remedy_of(folder: Path, kind: str) -> str:
    """How to build it."""
    return f'Remedy: cmvl index {folder}{"" if kind == "ivf" else f" --kind {kind}"}'


def read_record(folder: Path, kind: str, manifest: PartsManifest) -> IndexRecord:
    """The record of an index that is whole, and of the parts that are there now.

    Args:
        folder: of the parts.
        kind: of the index.
        manifest: of the folder.

    Raises:
        SearchError: there is no such index, its files are missing, cut off, or damaged, or it is one of other parts.
    """
    path, remedy = index_path(folder, kind), remedy_of(folder, kind)
    try:
        record = _record(json.loads((path / NAME).read_text(encoding='utf-8')))
    except FileNotFoundError as error:
        raise SearchError(f'{path}: there is no such index. {remedy}') from error
    except (ValueError, TypeError, KeyError) as error:
        raise SearchError(f'{path / NAME}: no record that can be read: {error!r}. {remedy}') from error
    for name, size in record.files.items():
        file = path / name
        there = file.stat().st_size if file.is_file() else None
        if there != size:
            told = (
                'is missing' if there is None else f'has {there} bytes instead of {size}: it is cut off or another one'
            )
            raise SearchError(f'{file}: {told}. {remedy}')
    try:
        same = is_state(folder, manifest.parts, record.state)
    except FileNotFoundError as error:
        raise SearchError(
            f'{error.filename}: this part is missing. Remedy: the command that wrote the folder.'
        ) from error
    if not same:
        raise SearchError(f'{path}: is an index of other parts than {folder} has now. {remedy}')
    return record


def _record(stored: Any) -> IndexRecord:
    if stored['format'] != FORMAT:
        raise ValueError(f'its format is {stored["format"]!r}, and this toolkit reads {FORMAT}')
    fields = {name: value for name, value in stored.items() if name != 'format'}
    return IndexRecord(**fields | dict(state=PartsState(**stored['state']), measured=Measured(**stored['measured'])))
