"""What `cmvl embed` wrote, a file or a folder of parts, read."""

from pathlib import Path

from cmvl_mm.clip_search.parts_reader import Parts
from cmvl_mm.clip_search.row_blocks import InMemory, Rows
from cmvl_mm.embedding.embeddings import Embeddings, read_file
from cmvl_mm.embedding.parts_manifest import NAME


def read_embeddings(path: str | Path) -> Embeddings:
    """Read a file of `embed`, or a folder of `embed_folder`, into memory; nothing in it is ever run.

    Raises:
        FileNotFoundError: there is no such file or folder.
        EmbeddingsError: it is another kind of file, a damaged one, or one of another version; or a folder of which
            parts are missing.
    """
    path = Path(path)
    return Parts(path).whole() if (path / NAME).is_file() else read_file(path)


def open_rows(path: str | Path) -> Rows:
    """The same for a search; of a folder, few parts are in memory at a time. Raises what `read_embeddings` raises."""
    path = Path(path)
    return Parts(path) if (path / NAME).is_file() else InMemory(read_file(path))
