"""The record of an index, `record.json` in its folder: its parts, how it was built, and its recall."""

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
"""Name of the folder of indexes, next to the parts."""


@dataclass(frozen=True)
class Measured:
    """Comparison of the index with the exact search, measured when the index was built."""

    k: int
    queries: int
    """Number of evenly spaced rows whose vectors were searched; the row itself does not count as found."""
    recall: float
    """Share of the exact k nearest rows that were found, mean over the queries."""
    wanted: float
    """The recall until which probes were added."""
    exact_seconds: float
    """Seconds of the exact search for all queries at once."""
    index_seconds: float
    """Seconds of the index for all queries at once."""

    @property
    def ratio(self) -> float:
        """Speed of the index relative to the exact search."""
        return self.exact_seconds / self.index_seconds


@dataclass(frozen=True)
class IndexRecord:
    """The record in the folder of an index."""

    kind: str
    """'ivf' or 'lance'."""
    library: str
    """Name and version of the library that built the index, 'faiss 1.15.1'."""
    rows: int
    channels: int
    settings: dict[str, int]
    """Settings of the kind: lists and probes of 'ivf', partitions and probes of 'lance'."""
    state: PartsState
    """State of the parts."""
    files: dict[str, int]
    """Bytes of each file."""
    measured: Measured
    build_seconds: float
    version: str
    """Version of the toolkit."""

    def write(self, folder: Path) -> None:
        """Write the record to the index's folder atomically."""
        stored = dict(format=FORMAT, **dataclasses.asdict(self))
        stored['state'] = self.state._asdict()
        replace_text(folder / NAME, json.dumps(stored, indent=1) + '\n')


def index_path(folder: Path, kind: str) -> Path:
    """Path of an index next to the parts of `folder`."""
    return folder / INDEX / kind


def remedy_of(folder: Path, kind: str) -> str:
    """The remedy for messages: how to build the index."""
    return f'Remedy: cmvl index {folder}{"" if kind == "ivf" else f" --kind {kind}"}'


def read_record(folder: Path, kind: str, manifest: PartsManifest) -> IndexRecord:
    """Read the record of a complete index of the current parts.

    Args:
        folder: folder of the parts.
        kind: kind of the index.
        manifest: manifest of the folder.

    Raises:
        SearchError: the index does not exist, its files are missing, cut off or damaged, or it belongs to other parts.
    """
    path, remedy = index_path(folder, kind), remedy_of(folder, kind)
    try:
        record = _record(json.loads((path / NAME).read_text(encoding='utf-8')))
    except FileNotFoundError as error:
        raise SearchError(f'{path}: there is no such index. {remedy}') from error
    except (ValueError, TypeError, KeyError) as error:
        raise SearchError(f'{path / NAME}: cannot be read as the record of an index: {error!r}. {remedy}') from error
    for name, size in record.files.items():
        file = path / name
        there = file.stat().st_size if file.is_file() else None
        if there != size:
            told = (
                'is missing'
                if there is None
                else f'has {there} bytes instead of {size}: it is truncated or another file'
            )
            raise SearchError(f'{file}: {told}. {remedy}')
    try:
        same = is_state(folder, manifest.parts, record.state)
    except FileNotFoundError as error:
        raise SearchError(
            f'{error.filename}: this part is missing. Remedy: repeat the command that wrote the folder.'
        ) from error
    if not same:
        raise SearchError(f'{path}: this index was built from other parts than {folder} has now. {remedy}')
    return record


def _record(stored: Any) -> IndexRecord:
    if stored['format'] != FORMAT:
        raise ValueError(f'its format is {stored["format"]!r}, but this version reads {FORMAT}')
    fields = {name: value for name, value in stored.items() if name != 'format'}
    return IndexRecord(**fields | dict(state=PartsState(**stored['state']), measured=Measured(**stored['measured'])))
