"""Read the output of `cmvl embed`, a file or a folder of parts."""

from pathlib import Path

from cmvl_mm.clip_search.part_files import LocalFiles, StoredFiles
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import InMemory, Rows
from cmvl_mm.embedding.embeddings import Embeddings, read_file, read_whole
from cmvl_mm.embedding.parts_manifest import NAME
from cmvl_mm.files.addresses import is_address


def read_embeddings(path: str | Path) -> Embeddings:
    """Read a file of `embed`, or a folder of `embed_folder`, into memory; no code from it is ever run.

    Args:
        path: path of the file or folder; or the address of a folder on an object store, such as 's3://bucket/features'.

    Raises:
        FileNotFoundError: the file or folder does not exist.
        EmbeddingsError: the file has another kind or version or is damaged, parts of the folder are missing, or the
            store cannot be read.
        ModuleNotFoundError: the store's library is not installed.
    """
    parts = open_parts(path)
    return read_file(Path(path)) if parts is None else parts.whole()


def open_rows(path: str | Path) -> Rows:
    """Open rows for a search; few parts of a folder are in memory at a time. Errors as for `read_embeddings`."""
    parts = open_parts(path)
    return InMemory(*read_whole(Path(path))) if parts is None else parts


def open_parts(path: str | Path) -> Parts | None:
    """Open a folder of parts; None for any other path. Errors as for `read_embeddings`."""
    if is_address(path):
        return Parts(StoredFiles(str(path)), str(path).rstrip('/'))
    folder = Path(path)
    return Parts(LocalFiles(folder), str(folder)) if (folder / NAME).is_file() else None
