"""From what a user names to a file: a name of the zoo, a path, or an address."""

from difflib import get_close_matches
from pathlib import Path

from cmvl_mm.models.digest import require_sha256

from .address import read_address
from .download import fetch
from .fields import NAME
from .manifest import Entry, read_manifest, zoo_folder


class AmbiguousNameError(ValueError):
    """A name of the zoo that is also a file here."""


def locate(reference: str | Path, sha256: str | None = None) -> Path:
    """A file that is what was published, or an existing path.

    Args:
        reference: a name of the zoo, `https://…#sha256=…`, `hf://owner/repository[@revision]/file#sha256=…`, or a path;
            a `Path` is always a path.
        sha256: the digest, where an address has none behind '#'. Paths are not checked here: it may be a directory.

    Raises:
        FileNotFoundError: there is no such thing; or the zoo describes weights of which no copy can be had.
        AmbiguousNameError: a file has the name of an entry.
        AddressError, DownloadError, DigestError, ManifestError: see there.
    """
    text = str(reference)
    if isinstance(reference, str) and '://' in text:
        return fetch(read_address(text, sha256))
    if isinstance(reference, str) and NAME.fullmatch(text) and (entry := read_manifest().get(text)) is not None:
        if Path(text).exists():
            raise AmbiguousNameError(
                f'{text}: a model of the zoo, and a file or folder here. Remedy: ./{text} is the file; for the model, '
                'work in another directory.'
            )
        return weights_of(entry)
    if not Path(text).exists():
        raise FileNotFoundError(
            f'{text}: no such checkpoint or work directory, and no model of the zoo{_close(text)}. '
            'Remedy: train first, or name one that exists.'
        )
    return Path(text)


def weights_of(entry: Entry) -> Path:
    """The file of an entry, fetched if need be, and the one that was published.

    Raises:
        FileNotFoundError: the manifest says why there is none.
        DigestError: it is another file.
    """
    if entry.url is not None:
        return fetch(read_address(entry.url, entry.sha256), size=entry.bytes)
    if entry.file is None:
        options = f' --cfg-options {" ".join(entry.options)}' if entry.options else ''
        raise FileNotFoundError(
            f'{entry.name}: the zoo describes these weights, but no copy can be had: {entry.why}. '
            f'Remedy: train them: python tools/train.py configs/{entry.config}{options}'
        )
    path = zoo_folder() / entry.file
    require_sha256(path, entry.sha256)
    return path


def _close(text: str) -> str:
    """' (did you mean …?)' where a name of the zoo is nearly this."""
    names = list(read_manifest())
    found = get_close_matches(text.lower(), names, n=3, cutoff=0.6) if '/' not in text else []
    return f' (did you mean {" or ".join(found)}?)' if found else ''
