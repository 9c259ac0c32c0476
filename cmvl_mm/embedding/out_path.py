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
            f'{out}: rows cannot be written to an object store. Remedy: write to a folder on a disk, and copy it, such '
            'as with `aws s3 cp --recursive`; `cmvl search` can read the copy.'
        )
    return Path(out)
