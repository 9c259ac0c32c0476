"""Feature vectors of videos, one row a clip: in memory, and as a Parquet file.

The file has a row for each clip and these columns:

| column | type | what |
|---|---|---|
| path | string | the video, relative to `meta.root`, with '/' |
| start | float64 | seconds from the video's first frame to the clip's first, by the stream's time stamps |
| end | float64 | seconds, when the clip's last frame ends |
| label | string, nullable | name of the class folder, or the label of the list; null where there is none |
| vector | fixed_size_list<float32> | (C,), the network's output, not normalised |

The mean of a video's vectors is the feature that `cmvl test` compares in retrieval; a search compares directions, so
that lengths do not matter. Rows of a video stand together, by rising start. A clip that could not be read has no row.
The schema's metadata has one key, `cmvl_mm.embeddings`: JSON, the fields of `EmbeddingsMeta` and the format's version.
Any Parquet reader reads the rows, among them pandas, DuckDB and Polars.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cmvl_mm.files.atomic import atomic_write

KEY = b'cmvl_mm.embeddings'
FORMAT = 1
"""Version of the file's format; a file of another one is refused."""


class EmbeddingsError(ValueError):
    """A file that does not hold embeddings of ours, or embeddings that do not go together; with path and remedy."""


class Failure(NamedTuple):
    """A video of which no clip came out."""

    path: str
    """As in `Embeddings.paths`."""
    stage: str
    """What was being done: open, index, decode, length, list, or network."""
    reason: str
    remedy: str


@dataclass(frozen=True)
class EmbeddingsMeta:
    """Where rows come from, and by what: enough to embed another video in the same way."""

    root: str
    """Folder that the paths are relative to, absolute."""
    model: str
    """As the user named it: a name of the zoo, or the absolute path of the weights' file."""
    sha256: str
    """Of the weights' file."""
    network: dict[str, Any]
    """The model's build dict; its types are names of registered models."""
    clip_len: int
    """Frames of a clip."""
    frame_interval: int
    """Stride of a clip, in frames."""
    clips: int | None
    """Clips of a video, at the centres of so many equal bins; None where `every` says how many."""
    every: float | None
    """Seconds from one clip's start to the next one's, at least; None where `clips` says how many."""
    past_end: str
    """What fills a clip that is longer than its video: 'repeat_last', 'repeat_first', 'loop', or 'error' for none."""
    size: int
    """Edge of the square that the network sees, in pixels."""
    resize_short: int
    """Pixels of the picture's short side, of which the central square is cut out."""
    version: str
    """Of the toolkit that wrote them."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One row a clip, as the module describes the file's columns."""

    paths: npt.NDArray[np.str_]
    """(n,)"""
    starts: npt.NDArray[np.float64]
    """(n,) seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) seconds."""
    labels: npt.NDArray[np.object_]
    """(n,) str, or None where there is no label."""
    vectors: npt.NDArray[np.float32]
    """(n, C)"""
    meta: EmbeddingsMeta
    failures: tuple[Failure, ...] = field(default=())
    """Of the call that made the rows. Not in the file."""

    def __post_init__(self) -> None:
        rows = len(self.paths)
        columns = dict(starts=self.starts, ends=self.ends, labels=self.labels, vectors=self.vectors)
        wrong = [f'{name} {column.shape}' for name, column in columns.items() if len(column) != rows]
        if wrong or self.vectors.ndim != 2:
            raise ValueError(f'{rows} paths do not go with {", ".join(wrong) or f"vectors {self.vectors.shape}"}')

    def __len__(self) -> int:
        return len(self.paths)


def write_embeddings(path: str | Path, found: Embeddings, more: Mapping[bytes, bytes] | None = None) -> None:
    """Write the file of the module's description; it appears whole or not at all, also after a power cut.

    Args:
        path: of the file; its folder is made.
        found: the rows; the failures are not written.
        more: further keys of the schema's metadata.

    Raises:
        OSError: it cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = table_of(found)
    table = table.replace_schema_metadata({**table.schema.metadata, **(more or {})})
    with atomic_write(path, synced=True) as temporary:
        pq.write_table(
            table, temporary, write_page_checksum=True, use_dictionary=['path', 'label']
        )  # no vector repeats


REMEDY = 'a file that `cmvl embed` has written.'


def read_file(path: Path) -> Embeddings:
    """Read what `write_embeddings` wrote; nothing in the file is ever run.

    Raises:
        FileNotFoundError: there is no such file.
        EmbeddingsError: it is another kind of file, a damaged one, or one of another version.
    """
    table, meta = read_whole(path)
    return embeddings_of(table, meta)


def read_whole(path: Path) -> tuple[pa.Table, EmbeddingsMeta]:
    """The same as Arrow's table, and where the rows come from."""
    meta, _ = read_footer(path)
    with _told(path, REMEDY):
        return pq.read_table(path, page_checksum_verification=True), meta


def read_footer(path: Path, remedy: str = REMEDY) -> tuple[EmbeddingsMeta, pq.FileMetaData]:
    """Where the rows come from, and Parquet's own facts; no row is read. Raises what `read_file` raises."""
    if path.is_dir():
        raise EmbeddingsError(f'{path}: a folder. Remedy: `cmvl embed {path} -o features.parquet`, and that file.')
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file. Remedy: `cmvl embed` makes one.')
    return footer_of(path, str(path), remedy)


def footer_of(source: Path | pa.NativeFile, where: str, remedy: str) -> tuple[EmbeddingsMeta, pq.FileMetaData]:
    """The same of an open file, which messages call `where`."""
    with _told(where, remedy):
        facts = pq.read_metadata(source)
        schema = facts.schema.to_arrow_schema()
        stored = (schema.metadata or {}).get(KEY)
        if stored is None:
            raise ValueError(f'its metadata has no key {KEY.decode()}')
        if schema.remove_metadata() != schema_of(_width(schema)):
            raise ValueError(f'its columns are {", ".join(f"{column.name} {column.type}" for column in schema)}')
        return _meta(json.loads(stored)), facts


def read_columns(source: pa.NativeFile, where: str, remedy: str, columns: Sequence[str]) -> pa.Table:
    """Columns of an open file whose footer is known to be right, paths as a dictionary; on this thread alone."""
    with _told(where, remedy):
        file = pq.ParquetFile(source, read_dictionary=['path'], page_checksum_verification=True)
        return file.read(columns=list(columns), use_threads=False)


@contextmanager
def _told(where: str | Path, remedy: str) -> Iterator[None]:
    """Errors of Arrow and of what is in the file -> ours, with path and remedy."""
    try:
        yield
    except OSError as error:
        raise EmbeddingsError(f'{where}: cannot be read: {error}. Remedy: {remedy}') from error
    except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise EmbeddingsError(f'{where}: no embeddings that can be read: {error}. Remedy: {remedy}') from error


def schema_of(width: int) -> pa.Schema:
    """Of rows with vectors of so many channels."""
    return pa.schema(
        [
            pa.field('path', pa.string(), nullable=False),
            pa.field('start', pa.float64(), nullable=False),
            pa.field('end', pa.float64(), nullable=False),
            pa.field('label', pa.string()),
            pa.field('vector', pa.list_(pa.field('element', pa.float32(), nullable=False), width), nullable=False),
        ]
    )


def _width(schema: pa.Schema) -> int:
    kind = schema.field('vector').type if 'vector' in schema.names else None
    return kind.list_size if isinstance(kind, pa.FixedSizeListType) else 0


def table_of(found: Embeddings) -> pa.Table:
    """The rows as Arrow's table, with the metadata of the file."""
    width = found.vectors.shape[1]
    schema = schema_of(width)
    vectors = pa.array(np.ascontiguousarray(found.vectors, np.float32).reshape(-1))
    columns = [
        pa.array(found.paths.tolist(), pa.string()),
        pa.array(found.starts),
        pa.array(found.ends),
        pa.array(found.labels.tolist(), pa.string()),
        pa.FixedSizeListArray.from_arrays(vectors, type=schema.field('vector').type),
    ]
    stored = dict(format=FORMAT, **dataclasses.asdict(found.meta))
    return pa.Table.from_arrays(columns, schema=schema.with_metadata({KEY: json.dumps(stored).encode()}))


def _meta(stored: Any) -> EmbeddingsMeta:
    if not isinstance(stored, Mapping) or stored.get('format') != FORMAT:
        version = stored.get('format') if isinstance(stored, Mapping) else stored
        raise ValueError(f'its format is {version!r}, and this toolkit reads {FORMAT}')
    fields = {name: value for name, value in stored.items() if name != 'format'}
    known = {one.name for one in dataclasses.fields(EmbeddingsMeta)}
    if fields.keys() != known:
        raise ValueError(f'its metadata lacks or has beyond: {", ".join(sorted(fields.keys() ^ known))}')
    return EmbeddingsMeta(**fields)


def vectors_of(table: pa.Table) -> npt.NDArray[np.float32]:
    """(n, C) of Arrow's table."""
    vectors = table.column('vector').combine_chunks()
    width = vectors.type.list_size
    return vectors.values.slice(vectors.offset * width, len(vectors) * width).to_numpy().reshape(len(table), width)


def embeddings_of(table: pa.Table, meta: EmbeddingsMeta) -> Embeddings:
    """The rows of Arrow's table."""
    column = {name: table.column(name).combine_chunks() for name in ('path', 'start', 'end', 'label')}
    labels = np.empty(len(table), object)
    labels[:] = column['label'].to_pylist()
    return Embeddings(
        paths=np.array(column['path'].to_pylist(), np.str_),
        starts=column['start'].to_numpy(),
        ends=column['end'].to_numpy(),
        labels=labels,
        vectors=vectors_of(table),
        meta=meta,
    )
