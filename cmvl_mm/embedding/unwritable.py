"""One error for a disk that is full or not writable; it names the machine, because any of many may be it."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmvl_mm.embedding.embeddings import EmbeddingsError


@contextmanager
def telling_which(path: Path) -> Iterator[None]:
    """Context for writing a file or folder.

    Raises:
        EmbeddingsError: writing fails; with path, this machine, reason and remedy.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise EmbeddingsError(
            f'{path}: cannot be written on {platform.node()}: {reason}. Finished parts are kept. Remedy: free '
            'space or get permission, then repeat the command.'
        ) from error
