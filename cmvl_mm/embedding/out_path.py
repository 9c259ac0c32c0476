"""Checks where rows are written."""

from pathlib import Path

from cmvl_mm.embedding.video_inputs import InputsError
from cmvl_mm.files.addresses import is_address


def require_disk(out: str | Path) -> Path:
    """The path, on a disk: runs lock and rename parts and read modification times, which object stores do not support.

    Raises:
        InputsError: it is the address of an object store.
    """
    if is_address(out):
        raise InputsError(
            f'{out}: rows are written to a disk, not to an object store. Remedy: a folder here, which is then copied, '
            'as by `aws s3 cp --recursive`; `cmvl search` reads it there.'
        )
    return Path(out)
