"""What `cmvl embed` wrote, a file or a folder of parts, read."""

from pathlib import Path

from cmvl_mm.clip_search.part_files import LocalFiles, StoredFiles
from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import InMemory, Rows
from cmvl_mm.embedding.embeddings import Embeddings, read_file, read_whole
from cmvl_mm.embedding.parts_manifest import NAME
from cmvl_mm.files.addresses import is_address


def read_embeddings(path: str | Path) -> Embeddings:
    """Read a file of `embed`, or a folder of `embed_folder`, into memory; nothing in it is ever run.

    Args:
        path: of either; or the address of a folder on an object store, such as 's3://bucket/features'.

    Raises:
        FileNotFoundError: there is no such file or folder.
        EmbeddingsError: it is another kind of file, a damaged one, or one of another version; or a folder of which
            parts are missing; or the store cannot be read.
        ModuleNotFoundError: the store's library is not installed.
    """
    parts = open_parts(path)
    return read_file(Path(path)) if parts is None else parts.whole()


def open_rows(path: str | Path) -> Rows:
    """The same for a search; of a folder, few parts are in memory at a time. Raises what `read_embeddings` raises."""
    parts = open_parts(path)
    return InMemory(*read_whole(Path(path))) if parts is None else parts


def open_parts(path: str | Path) -> Parts | None:
    """A folder of parts; None of anything else. Raises what `read_embeddings` raises."""
    if is_address(path):
        return Parts(StoredFiles(str(path)), str(path).rstrip('/'))
    folder = Path(path)
    return Parts(LocalFiles(folder), str(folder)) if (folder / NAME).is_file() else None
