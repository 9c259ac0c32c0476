"""Finds the file of a checkpoint by its name. Nothing here imports torch, which is not needed to find weights."""

import logging
from pathlib import Path

from mmengine.logging import print_log

from cmvl_mm.checkpoints.newest import newest_valid
from cmvl_mm.files.digest import require_sha256
from cmvl_mm.zoo.locate import locate


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or does not hold what the model needs."""


def resolve_checkpoint(checkpoint: str | Path, *, sha256: str | None = None) -> Path:
    """The file that a checkpoint's name refers to.

    Args:
        checkpoint: a file; a work directory, for its newest undamaged checkpoint; as text also a name of the zoo,
            `https://…#sha256=…` or `hf://owner/repository/file#sha256=…`.
        sha256: full digest of the file; another file is refused.

    Raises:
        FileNotFoundError: nothing has that name, or the directory has no checkpoint yet.
        CheckpointError: every checkpoint of the directory is damaged.
        DigestError: the file does not match the digest.
        AddressError, DownloadError: the address is refused, or the download fails.
    """
    path = locate(checkpoint, sha256)
    if path.is_dir():
        path = _newest_of(path)
    if sha256 is not None:
        require_sha256(path, sha256)
    return path


def _newest_of(folder: Path) -> Path:
    """The newest checkpoint of a work directory; the log names skipped ones."""
    found, skipped = newest_valid(folder)
    for line in skipped:
        print_log(f'skipping damaged checkpoint {line}', logger='current', level=logging.WARNING)
    if found is None and skipped:
        raise CheckpointError(f'{folder}: no checkpoint here can be used. {" ".join(skipped)} Remedy: repeat the run.')
    if found is None:
        raise FileNotFoundError(f'{folder}: no checkpoint in this work directory yet. Remedy: finish the run first.')
    return found
