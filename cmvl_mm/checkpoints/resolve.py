"""From a checkpoint's name to its file. Nothing here imports torch: who only looks for weights does not run them."""

import logging
from pathlib import Path

from mmengine.logging import print_log

from cmvl_mm.checkpoints.newest import newest_valid
from cmvl_mm.files.digest import require_sha256
from cmvl_mm.zoo.locate import locate


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or does not hold what the model needs."""


def resolve_checkpoint(checkpoint: str | Path, *, sha256: str | None = None) -> Path:
    """The file that a checkpoint's name stands for.

    Args:
        checkpoint: a file; a work directory, for the newest of its checkpoints that is what was written; as text also a
            name of the zoo, `https://…#sha256=…` or `hf://owner/repository/file#sha256=…`.
        sha256: of the file, in full; another file is refused.

    Raises:
        FileNotFoundError: there is no such thing, or no checkpoint has been written to the directory yet.
        CheckpointError: every checkpoint of the directory is damaged.
        DigestError: the file is another one than the digest says.
        AddressError, DownloadError: an address that is not fetched from, or from which nothing came.
    """
    path = locate(checkpoint, sha256)
    if path.is_dir():
        path = _newest_of(path)
    if sha256 is not None:
        require_sha256(path, sha256)
    return path


def _newest_of(folder: Path) -> Path:
    """The newest checkpoint of a work directory; skipped ones are named in the log."""
    found, skipped = newest_valid(folder)
    for line in skipped:
        print_log(f'skipping damaged checkpoint {line}', logger='current', level=logging.WARNING)
    if found is None and skipped:
        raise CheckpointError(f'{folder}: no checkpoint here can be used. {" ".join(skipped)} Remedy: run it again.')
    if found is None:
        raise FileNotFoundError(f'{folder}: no checkpoint in this work directory yet. Remedy: finish the run first.')
    return found
