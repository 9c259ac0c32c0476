"""Published weights: list them, describe them, and copy a file."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

from cmvl_mm.files.atomic import atomic_write
from cmvl_mm.files.digest import require_sha256
from cmvl_mm.zoo.locate import weights_of
from cmvl_mm.zoo.manifest import Entry, find_entry


class Downloaded(NamedTuple):
    """A file of weights with the published digest."""

    name: str
    path: Path
    sha256: str


def zoo_facts(entry: Entry) -> dict[str, Any]:
    """The facts that `cmvl zoo` prints about an entry, as plain data."""
    return dict(
        name=entry.name,
        what=entry.what,
        trained_on=entry.trained_on,
        caution=entry.caution(),
        networks=entry.networks,
        training=entry.training(),
        licence='Apache-2.0' if entry.file is not None else 'see the address',
        megabytes=round(entry.bytes / 1e6, 2),
        sha256=entry.sha256,
        place=entry.file or entry.url or f'no copy: {entry.why}',
        tests=[
            dict(protocol=test.protocol, command=test.installed_command(entry.name), metrics=dict(test.metrics))
            for test in entry.tests
        ],
    )


def download_weights(name: str, folder: Path | None = None) -> Downloaded:
    """Fetch the weights of a model, check their SHA-256, and copy them into a folder if one is given.

    Args:
        name: name of a model of the zoo.
        folder: folder for NAME.safetensors, made if missing. None leaves the file where the zoo keeps it.

    Raises:
        UnknownModelError: the model does not exist.
        FileNotFoundError, DigestError, DownloadError: as for `cmvl_mm.zoo.locate.weights_of`.
    """
    entry = find_entry(name)
    path = weights_of(entry)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f'{name}.safetensors'
        with atomic_write(target) as temporary:
            shutil.copyfile(path, temporary)
            require_sha256(temporary, entry.sha256)
        path = target
    return Downloaded(name, path, entry.sha256)
