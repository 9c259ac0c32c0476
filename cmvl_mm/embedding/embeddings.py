"""Feature vectors of videos, one row a clip: in memory, and as a Parquet file.

The file has one row per clip and these columns:

| column | type | what |
|---|---|---|
| path | string | the video, relative to `meta.root`, with '/' |
| start | float64 | seconds from the first frame of the video to the first of the clip, by the stream's time stamps |
| end | float64 | seconds from the first frame of the video to the end of the clip's last frame |
| label | string, nullable | name of the class folder, or the label of the list; null if there is none |
| vector | fixed_size_list<float32> | (C,), the network's output, not normalised |

The mean of a video's vectors is the feature that `cmvl test` compares in retrieval; a search compares directions, so
lengths do not matter. Rows of a video are contiguous and sorted by start. A clip that cannot be read has no row.
The schema's metadata has one key, `cmvl_mm.embeddings`: JSON with the fields of `EmbeddingsMeta` and the format's
version. Any Parquet reader reads the rows, such as pandas, DuckDB and Polars.
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
"""Version of the file's format; files of another version are refused."""


class EmbeddingsError(ValueError):
    """A file without embeddings of this format, or embeddings that do not match; with path and remedy."""


class Failure(NamedTuple):
    """A video from which no clip was embedded."""

    path: str
    """Path of the video, as in `Embeddings.paths`."""
    stage: str
    """The step that failed: open, index, decode, length, list, or network."""
    reason: str
    remedy: str


@dataclass(frozen=True)
class EmbeddingsMeta:
    """The origin of rows: enough to embed another video in the same way."""

    root: str
    """Absolute path of the folder that the paths are relative to."""
    model: str
    """The model as the user named it: a name of the zoo, or the absolute path of the weights file."""
    sha256: str
    """SHA-256 of the weights file."""
    network: dict[str, Any]
    """The model's build dict; its types are names of registered models."""
    clip_len: int
    """Frames of a clip."""
    frame_interval: int
    """Stride of a clip, in frames."""
    clips: int | None
    """Clips per video, at the centres of that many equal bins; None if `every` determines the number."""
    every: float | None
    """Fewest seconds from the start of one clip to the next; None if `clips` determines the number."""
    past_end: str
    """How a clip longer than its video is filled: 'repeat_last', 'repeat_first', 'loop', or 'error' to refuse it."""
    size: int
    """Edge of the network's square input in pixels."""
    resize_short: int
    """Short side in pixels of the resized picture, whose central square is cropped."""
    version: str
    """Version of the toolkit that wrote the rows."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Feature vectors, one row a clip, with the columns of the file."""

    paths: npt.NDArray[np.str_]
    """(n,) path of the video."""
    starts: npt.NDArray[np.float64]
    """(n,) start of the clip in seconds."""
    ends: npt.NDArray[np.float64]
    """(n,) end of the clip in seconds."""
    labels: npt.NDArray[np.object_]
    """(n,) label of the video; None if it has none."""
    vectors: npt.NDArray[np.float32]
    """(n, C) feature vectors."""
    meta: EmbeddingsMeta
    failures: tuple[Failure, ...] = field(default=())
    """Failures of the call that made the rows. They are not in the file."""

    def __post_init__(self) -> None:
        rows = len(self.paths)
        columns = dict(starts=self.starts, ends=self.ends, labels=self.labels, vectors=self.vectors)
        wrong = [f'{name} {column.shape}' for name, column in columns.items() if len(column) != rows]
        if wrong or self.vectors.ndim != 2:
            raise ValueError(f'{rows} paths do not match {", ".join(wrong) or f"vectors {self.vectors.shape}"}')

    def __len__(self) -> int:
        return len(self.paths)


def write_embeddings(path: str | Path, found: Embeddings, more: Mapping[bytes, bytes] | None = None) -> None:
    """Write the file that the module describes, atomically and safe against a power cut.

    Args:
        path: the file to write; its folder is created.
        found: the rows; the failures are not written.
        more: additional keys of the schema's metadata.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = table_of(found)
    table = table.replace_schema_metadata({**table.schema.metadata, **(more or {})})
    with atomic_write(path, synced=True) as temporary:
        pq.write_table(
            table, temporary, write_page_checksum=True, use_dictionary=['path', 'label']
        )  # vectors do not repeat


REMEDY = 'pass a file that `cmvl embed` has written.'


def read_file(path: Path) -> Embeddings:
    """Read a file of `write_embeddings`; nothing in the file is ever executed.

    Raises:
        FileNotFoundError: there is no such file.
        EmbeddingsError: the file is of another kind, damaged, or of another version.
    """
    table, meta = read_whole(path)
    return embeddings_of(table, meta)


def read_whole(path: Path) -> tuple[pa.Table, EmbeddingsMeta]:
    """The rows as an Arrow table, and their origin."""
    meta, _ = read_footer(path)
    with _told(path, REMEDY):
        return pq.read_table(path, page_checksum_verification=True), meta


def read_footer(path: Path, remedy: str = REMEDY) -> tuple[EmbeddingsMeta, pq.FileMetaData]:
    """The origin of the rows, and Parquet's metadata; reads no row. Raises what `read_file` raises."""
    if path.is_dir():
        raise EmbeddingsError(
            f'{path}: is a folder. Remedy: run `cmvl embed {path} -o features.parquet`, and pass that file.'
        )
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file. Remedy: create it with `cmvl embed`.')
    return footer_of(path, str(path), remedy)


def footer_of(source: Path | pa.NativeFile, where: str, remedy: str) -> tuple[EmbeddingsMeta, pq.FileMetaData]:
    """As `read_footer`, for an open file that messages call `where`."""
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
    """Columns of an open file whose footer is checked, with paths as a dictionary; uses only this thread."""
    with _told(where, remedy):
        file = pq.ParquetFile(source, read_dictionary=['path'], page_checksum_verification=True)
        return file.read(columns=list(columns), use_threads=False)


@contextmanager
def _told(where: str | Path, remedy: str) -> Iterator[None]:
    """Convert errors of Arrow and of the content to `EmbeddingsError`, with path and remedy."""
    try:
        yield
    except OSError as error:
        raise EmbeddingsError(f'{where}: cannot be read: {error}. Remedy: {remedy}') from error
    except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise EmbeddingsError(f'{where}: cannot be read as embeddings: {error}. Remedy: {remedy}') from error


def schema_of(width: int) -> pa.Schema:
    """The schema of rows with vectors of this many channels."""
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
    """The rows as an Arrow table, with the metadata of the file."""
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
        raise ValueError(f'its format is {version!r}, but this version reads {FORMAT}')
    fields = {name: value for name, value in stored.items() if name != 'format'}
    known = {one.name for one in dataclasses.fields(EmbeddingsMeta)}
    if fields.keys() != known:
        raise ValueError(f'its metadata has missing or unknown fields: {", ".join(sorted(fields.keys() ^ known))}')
    return EmbeddingsMeta(**fields)


def vectors_of(table: pa.Table) -> npt.NDArray[np.float32]:
    """The vectors of an Arrow table, (n, C)."""
    vectors = table.column('vector').combine_chunks()
    width = vectors.type.list_size
    return vectors.values.slice(vectors.offset * width, len(vectors) * width).to_numpy().reshape(len(table), width)


def embeddings_of(table: pa.Table, meta: EmbeddingsMeta) -> Embeddings:
    """The rows of an Arrow table."""
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
