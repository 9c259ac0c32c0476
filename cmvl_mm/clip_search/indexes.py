"""The kinds of index, and how one is opened."""

from pathlib import Path

from cmvl_mm.clip_search.errors import SearchError
from cmvl_mm.clip_search.index_record import index_path, read_record, remedy_of
from cmvl_mm.clip_search.index_search import Index, IndexEngine
from cmvl_mm.clip_search.ivf_index import IvfIndex
from cmvl_mm.clip_search.lance_index import LanceIndex
from cmvl_mm.embedding.parts_manifest import NAME, read_manifest
from cmvl_mm.files.addresses import is_address

KINDS: dict[str, type[Index]] = dict(ivf=IvfIndex, lance=LanceIndex)


def require_kind(kind: str) -> type[Index]:
    """The index class of a kind.

    Raises:
        SearchError: the kind is unknown.
    """
    if kind not in KINDS:
        raise SearchError(f'index {kind!r}: there is no such kind. Remedy: choose one of {", ".join(KINDS)}.')
    return KINDS[kind]


def require_folder(features: str | Path) -> Path:
    """A folder of parts on this machine, which may have an index.

    Raises:
        SearchError: it is a file, or on an object store.
        FileNotFoundError: the folder does not exist.
    """
    if is_address(features):
        raise SearchError(f'{features}: an index must be on a disk. Remedy: copy the folder to a disk.')
    folder = Path(features)
    if folder.is_file():
        raise SearchError(
            f'{folder}: a file has no index. Remedy: search without an index, or embed by `cmvl embed … -o FOLDER/`.'
        )
    if not (folder / NAME).is_file():
        raise FileNotFoundError(
            f'{folder}: is not a folder of parts. Remedy: make one with `cmvl embed … -o {folder}/`.'
        )
    return folder


def open_index(features: str | Path, kind: str) -> IndexEngine:
    """Open an index of the current parts. Arguments and errors as for `search.search`."""
    opened, folder = require_kind(kind), require_folder(features)
    manifest = read_manifest(folder)
    record = read_record(folder, kind, manifest)
    remedy = remedy_of(folder, kind)
    index = opened(index_path(folder, kind), record.settings, remedy)
    if (len(index), index.channels) != (record.rows, record.channels):
        raise SearchError(
            f'{index_path(folder, kind)}: contains {len(index)} rows of {index.channels} channels, but its record says '
            f'{record.rows} of {record.channels}. {remedy}'
        )
    return IndexEngine(index, manifest.meta)
